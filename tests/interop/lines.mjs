// How the tests talk with a script: one JSON object as its argument, lines both ways.
import { createInterface } from 'node:readline';

export const given = JSON.parse(process.argv[2]);

export const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

// Calls `act` when the word comes; waiting for it keeps no process alive.
export const on = (word, act) => {
  createInterface({ input: process.stdin }).on('line', (line) => line === word && act());
  process.stdin.unref?.();
};
