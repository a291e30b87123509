import { planAppend } from './append.ts';
import type { AppendRules, Placement } from './append.ts';
import type { Queue } from './queue.ts';
import type { Submission } from './types.ts';

interface Waiting<Payload> {
  readonly submission: Submission<Payload>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Stores writes in the order in which they were asked for, as many at once as have come together. */
export interface Intake<Payload> {
  store(submission: Submission<Payload>): Promise<void>;
  /** It was asked for and is not stored yet. */
  holds(id: string): boolean;
}

export interface IntakeHost<Payload> {
  readonly queue: Queue<Payload>;
  /** Resolves when the queue was read, or could not be. */
  readonly first: Promise<unknown>;
  readonly rules: AppendRules<Payload>;
  onStored(placement: Placement): void;
  onRefused(id: string, error: unknown): void;
}

export function createIntake<Payload>({
  queue,
  first,
  rules,
  ...host
}: IntakeHost<Payload>): Intake<Payload> {
  const waiting: Waiting<Payload>[] = [];
  let storing = false;

  async function store(): Promise<void> {
    if (storing) return;
    storing = true;
    await first;
    // oxlint-disable-next-line no-await-in-loop -- in the order in which they were asked for
    while (waiting.length > 0) await append(waiting.slice());
    storing = false;
  }

  async function append(batch: readonly Waiting<Payload>[]): Promise<void> {
    const submissions = batch.map(({ submission }) => submission);
    try {
      await queue.change(() => {
        const { placements, ...plan } = planAppend(queue.entries(), submissions, rules);
        return {
          ...plan,
          done() {
            for (const { resolve } of waiting.splice(0, batch.length)) resolve();
            for (const placement of placements) if (!placement.known) host.onStored(placement);
          },
        };
      });
    } catch (error) {
      // One that cannot be stored must not take the others with it.
      // oxlint-disable-next-line no-await-in-loop -- in the order in which they were asked for
      if (batch.length > 1) for (const one of batch) await append([one]);
      else
        for (const { submission, reject } of waiting.splice(0, 1)) {
          host.onRefused(submission.id, error);
          reject(error);
        }
    }
  }

  return {
    store: (submission) =>
      new Promise((resolve, reject) => {
        waiting.push({ submission, resolve, reject });
        void store();
      }),
    holds: (id) => waiting.some(({ submission }) => submission.id === id),
  };
}
