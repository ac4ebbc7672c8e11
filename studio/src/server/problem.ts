/** Why a request was not answered as hoped, in kinds that pages treat differently. */
export type ProblemKind =
  /** No answer came: the server is gone, or restarts. */
  | "gone"
  /** It took longer than the page waits. */
  | "late"
  /** A key is wanted, or the one given does not allow this. */
  | "refused"
  /** Too many requests, or a full queue: try again after `retryAfter` seconds. */
  | "busy"
  /** A newer request of the same person took this one's place. */
  | "superseded"
  /** The request itself is at fault; `param` names the field. */
  | "invalid"
  /** The server is at fault. */
  | "failed";

/** A request that failed; `message` is for people. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly code: string;
  readonly param: string | null;
  /** Seconds to wait before another try; 0 when the server does not say. */
  readonly retryAfter: number;

  constructor(
    kind: ProblemKind,
    message: string,
    more: { status?: number; code?: string; param?: string | null; retryAfter?: number } = {},
  ) {
    super(message);
    this.name = "Problem";
    this.kind = kind;
    this.status = more.status ?? 0;
    this.code = more.code ?? "";
    this.param = more.param ?? null;
    this.retryAfter = more.retryAfter ?? 0;
  }

  /** Whether the same request may succeed later. */
  get passes(): boolean {
    return this.kind === "gone" || this.kind === "late" || this.kind === "busy";
  }
}

/** The problem that an error answer tells of. */
export function problemOf(status: number, retryAfter: string | null, body: unknown): Problem {
  const { message, code, param } = detail(body);
  const more = { status, code, param, retryAfter: seconds(retryAfter) };
  return new Problem(kindOf(status, code), message || `The server answered ${status}.`, more);
}

const KINDS: Readonly<Record<string, ProblemKind>> = {
  unauthenticated: "refused",
  forbidden: "refused",
  overloaded: "busy",
  rate_limited: "busy",
  unavailable: "busy",
  superseded: "superseded",
  deadline_exceeded: "late",
  request_timeout: "late",
};

/* An error within a stream has a code only; an answer of a proxy a status only. */
function kindOf(status: number, code: string): ProblemKind {
  const known = KINDS[code];
  if (known) return known;
  if (status === 401 || status === 403) return "refused";
  if (status === 429 || status === 503) return "busy";
  if (status === 504 || status === 408) return "late";
  return status >= 400 && status < 500 ? "invalid" : "failed";
}

function detail(body: unknown): { message: string; code: string; param: string | null } {
  const error = isRecord(body) ? body["error"] : undefined;
  if (!isRecord(error)) return { message: "", code: "", param: null };
  return {
    message: text(error["message"]) ?? "",
    code: text(error["code"]) ?? "",
    param: text(error["param"]),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function seconds(header: string | null): number {
  const value = Number(header ?? "");
  return Number.isFinite(value) && value > 0 ? value : 0;
}
