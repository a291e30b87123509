export interface WorkerOptions {
  dataDir: string | null;
}

export type ToWorker = Uint8Array | 'close';

export type FromWorker = Uint8Array | 'ready' | 'closed' | { failed: string };
