/**
 * The server cannot start. The message is one sentence for the person at the terminal: what is wrong, and the
 * remedy. The process prints it and ends with exit code 1; no stack trace.
 */
export class StartRefused extends Error {
  readonly code: StartRefusal;

  constructor(code: StartRefusal, sentence: string) {
    super(sentence);
    this.name = 'StartRefused';
    this.code = code;
  }
}

export type StartRefusal =
  | 'bad-flag'
  | 'port-in-use'
  | 'bad-address'
  | 'bad-database-url'
  | 'database-unreachable'
  | 'data-folder-locked'
  | 'data-folder-unusable'
  | 'import-unreadable'
  | 'unknown-account';
