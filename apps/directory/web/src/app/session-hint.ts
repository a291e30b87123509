/**
 * Remembers that somebody signed in here. The session itself is in cookies that no script can read; without this note a
 * visitor's first page would ask the server for a session that cannot exist.
 */
const KEY = 'directory.signed-in';

export function mayHaveSession(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    // Storage is refused: only the server can tell.
    return true;
  }
}

export function noteSession(open: boolean): void {
  try {
    if (open) localStorage.setItem(KEY, '1');
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is refused: `mayHaveSession` asks the server instead.
  }
}
