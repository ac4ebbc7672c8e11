/** A part of a template: words, or the name of what is filled in. */
export interface Piece {
  text: string;
  slot: boolean;
}

const TOKEN = /\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|[^{}]+|[{}]/g;

const DOUBLED: Record<string, string> = { "{{": "{", "}}": "}" };

/** The parts of a template, as the server reads it: `{name}` is a slot, `{{` a brace. */
export function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [token, name] of template.matchAll(TOKEN)) {
    const last = pieces.at(-1);
    const text = name ?? DOUBLED[token] ?? token;
    if (last && !last.slot && name === undefined) last.text += text;
    else pieces.push({ text, slot: name !== undefined });
  }
  return pieces;
}
