/**
 * Hold a document for this tab, so that no two tabs write it.
 *
 * `taken` is called at once where another tab holds it; `granted` when this tab does. Returns how
 * to let it go. Browsers without locks (pages of an insecure address) grant at once.
 */
export function claim(id: string, granted: () => void, taken: () => void): () => void {
  const locks: LockManager | undefined = navigator.locks;
  if (!locks) {
    granted();
    return () => undefined;
  }
  const name = `cuebox.document.${id}`;
  const leaving = new AbortController();
  let release: () => void = () => undefined;
  const hold = () => {
    if (leaving.signal.aborted) return Promise.resolve();
    granted();
    return new Promise<void>((resolve) => {
      release = resolve;
    });
  };
  const wait = () =>
    locks.request(name, { signal: leaving.signal }, hold).catch(() => undefined) as Promise<void>;
  void locks.request(name, { ifAvailable: true }, (lock) => {
    if (lock) return hold();
    if (!leaving.signal.aborted) {
      taken();
      void wait();
    }
    return undefined;
  });
  return () => {
    leaving.abort();
    release();
  };
}
