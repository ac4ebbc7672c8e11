/** Tags with those that were typed, each once; commas and semicolons stand between tags. */
export function tagsWith(tags: readonly string[], typed: string): readonly string[] {
  const added = typed
    .split(/[,;]/)
    .map((tag) => tag.trim().replaceAll(/\s+/g, " "))
    .filter(Boolean);
  return [...new Set([...tags, ...added])];
}
