import { createMemoryOutbox } from './memory-storage.ts';
import { outboxStorageContract } from './storage.contract.ts';
import type { Note } from './storage.contract.ts';

outboxStorageContract('memory', () => {
  const memory = createMemoryOutbox<Note>();
  return Promise.resolve({
    connect: () => Promise.resolve(memory.connect()),
    settle: () => Promise.resolve(),
  });
});
