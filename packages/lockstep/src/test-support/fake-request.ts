/** An `XMLHttpRequest` that a test answers. */
export class FakeRequest {
  status = 0;
  statusText = '';
  responseText = '';
  withCredentials = false;
  readonly headers = new Map<string, string>();
  private readonly listeners = new Map<string, () => void>();
  private tell: (event: ProgressEvent) => void = () => {};
  readonly upload = {
    addEventListener: (_type: 'progress', listener: (event: ProgressEvent) => void): void => {
      this.tell = listener;
    },
  };

  addEventListener(type: 'load' | 'error', listener: () => void): void {
    this.listeners.set(type, listener);
  }
  open(): void {}
  send(): void {}
  abort(): void {}
  setRequestHeader(name: string, value: string): void {
    this.headers.set(name, value);
  }
  getAllResponseHeaders(): string {
    return 'content-type: application/json\r\n';
  }

  progress(loaded: number, total: number): void {
    this.tell(new ProgressEvent('progress', { loaded, total, lengthComputable: true }));
  }
  answer(status: number, body: unknown): void {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.listeners.get('load')?.();
  }
}
