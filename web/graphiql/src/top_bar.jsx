import logo from "./logo.svg";
import { probe, session, signOut } from "./session.js";
import { loginHref, schemaHref } from "./settings.js";

const logoHref = new URL(logo, import.meta.url).href;

function SignedIn({ user, tenant, roles }) {
  return (
    <>
      <span className="tg-tenant" title={`Tenant ${tenant.slug} (${tenant.id})`}>
        <span className="tg-dot" aria-hidden="true" />
        {tenant.name}
        <code>{tenant.slug}</code>
      </span>
      <span className="tg-user" title={`${user.email} (${user.id})`}>
        <strong>{user.name || user.email}</strong>
        <small>{[user.email, ...(roles ?? [])].join(" · ")}</small>
      </span>
      <button type="button" className="tg-link" onClick={signOut}>Sign out</button>
    </>
  );
}

function Account() {
  const who = session.use();
  if (who.state === "signed-in") return <SignedIn {...who} />;
  if (who.state === "asking") return <span className="tg-quiet">Asking who you are…</span>;
  if (who.state === "anonymous") {
    return (
      <>
        <span className="tg-quiet">Not signed in</span>
        <a className="tg-button" href={loginHref}>Sign in</a>
      </>
    );
  }
  return (
    <>
      <span className="tg-quiet" title={who.reason}>The API does not answer</span>
      <button type="button" className="tg-link" onClick={probe}>Try again</button>
    </>
  );
}

export function TopBar() {
  return (
    <header className="tg-bar">
      <a className="tg-brand" href="." aria-label="Tidegate">
        <img src={logoHref} alt="" width="28" height="28" />
        <span>Tidegate</span>
        <small>GraphiQL</small>
      </a>
      <a className="tg-link tg-sdl" href={schemaHref} target="_blank" rel="noreferrer">Schema as text</a>
      <div className="tg-account" role="status">
        <Account />
      </div>
    </header>
  );
}
