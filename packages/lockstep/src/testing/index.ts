export { printedSeed } from './seed.ts';
export { seededRandom, virtualTime } from './virtual-time.ts';
export type { VirtualTime } from './virtual-time.ts';
