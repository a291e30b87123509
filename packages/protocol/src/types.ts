import type { z } from 'zod';
import type { rowChange } from './schema/change.ts';
import type { clientFrame, presencePerson, serverFrame } from './schema/frames.ts';
import type { intent, intentTarget } from './schema/intent.ts';
import type { fieldError, problem } from './schema/problem.ts';

/** The declared members alone: a schema that lets unknown members through would give every name the type `unknown`. */
type Declared<T> = T extends unknown ? { [K in keyof T as string extends K ? never : K]: T[K] } : never;

/** One field at fault; `path` is a JSON Pointer into the body, or the name of a query key. */
export type FieldError = Declared<z.infer<typeof fieldError>>;

/** An error's body, `application/problem+json` (RFC 9457). */
export type Problem = Omit<Declared<z.infer<typeof problem>>, 'errors'> & { errors?: FieldError[] };

/** One row's change; see the schema for what `row` and `before` hold. */
export type RowChange = Declared<z.infer<typeof rowChange>>;

/** A change that the receiver may not read: it keeps offsets dense and says nothing. */
export type EmptyChange = { op: 'none' };

/** One position of the feed, as one receiver may see it. */
export type Change = RowChange | EmptyChange;

/** One person on a topic. */
export type PresencePerson = Declared<z.infer<typeof presencePerson>>;

type ServerFrames = Declared<z.infer<typeof serverFrame>>;

/**
 * What a server says. In CHANGES `offset` is the position of the last change; the first stands at
 * `offset - changes.length + 1`.
 */
export type ServerFrame =
  | Exclude<ServerFrames, { type: 'CHANGES' | 'PRESENCE' }>
  | { type: 'CHANGES'; offset: number; changes: Change[] }
  | { type: 'PRESENCE'; topic: string; people: PresencePerson[] };

/** What a client says. */
export type ClientFrame = z.infer<typeof clientFrame>;

/** A write that a person asked for, as data. */
export type Intent = z.infer<typeof intent>;

/** A row that an intent writes to, with the version and values that its writer saw. */
export type IntentTarget = z.infer<typeof intentTarget>;
