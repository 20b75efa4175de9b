// The modules of the page that need no browser.
export const page = new URL('../../../crates/pulsecam-net/src/relay/web/page/', import.meta.url);

/** Imports a module of the page. */
export const load = (name) => import(new URL(name, page).href);
