import type { UploadRequest } from './xhr-fetch.ts';

export const browserUpload = (): UploadRequest => new XMLHttpRequest();
