import { signal } from "@preact/signals";

/** The path after `#/`: the page's, such as `write`, and what the page makes of the rest. */
export interface Route {
  page: string;
  rest: string[];
}

/** Where the person is. */
export const route = signal<Route>(parse(location.hash));

/** Follow the address. */
export function followAddress(): void {
  addEventListener("hashchange", () => {
    route.value = parse(location.hash);
  });
}

/** The address of a page. */
export function address(page: string, ...rest: string[]): string {
  return `#/${[page, ...rest.map(encodeURIComponent)].join("/")}`;
}

function parse(hash: string): Route {
  const [page = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  return { page, rest: rest.filter(Boolean).map(decode) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
