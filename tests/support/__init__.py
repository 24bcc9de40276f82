"""What tests share: the server they run on. It knows no scenario."""
