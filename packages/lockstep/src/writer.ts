import type { BaseQueryApi, BaseQueryFn, FetchArgs } from '@reduxjs/toolkit/query';
import { HEADER, applyMergePatch, isJsonObject } from '@lockstep/protocol';
import type { JsonObject } from '@lockstep/protocol';
import type { LockstepEvent } from './actions.ts';
import { LockstepError, describe, isRequestFailure } from './core/index.ts';
import type { Clock, CollectionDefinition, EntityKey, RequestFailure, Row } from './core/index.ts';
import type { Entry, Outbox, OutboxEvent, OutboxPolicy, Outcome, SendOutcome } from './outbox/index.ts';
import type {
  Acknowledgement,
  Effect,
  FieldConflict,
  Intent,
  IntentStatus,
  Make,
  NamedRow,
  Pending,
  RowsAndIntents,
} from './pending/index.ts';

/** One way of writing, as an endpoint or a thunk declared it. */
export interface Write {
  readonly effect: Effect;
  prepare?(argument: unknown, make: Make): unknown;
  answer?(answer: unknown, argument: unknown): readonly NamedRow[];
  coalesce?(earlier: unknown, later: unknown): unknown;
  /** The base query's argument. */
  request(argument: unknown): unknown;
  transformResponse?(answer: unknown, meta: unknown, argument: unknown): unknown;
  transformErrorResponse?(error: unknown, meta: unknown, argument: unknown): unknown;
  readonly extraOptions?: unknown;
}

/** How a write stands for whoever asked for it. */
export type WriteResult =
  | { readonly kind: 'done'; readonly answer: unknown; readonly meta: unknown }
  /** It is kept and will be sent later; `rows` are the rows it writes, as they show now. */
  | { readonly kind: 'durable'; readonly intent: string; readonly rows: readonly (Row | null)[] }
  | { readonly kind: 'failed'; readonly error: unknown; readonly meta: unknown };

/** Two people wrote to the same field; kept with the parked intent. */
export interface Conflict {
  readonly fields: readonly FieldConflict[];
  readonly current: NamedRow;
}

export interface WriterOptions {
  readonly pending: Pending;
  readonly definitions: ReadonlyMap<string, CollectionDefinition>;
  readonly writes: ReadonlyMap<string, Write>;
  readonly baseQuery: BaseQueryFn | undefined;
  /** What an answer to a write means for the queue. */
  outcomeOf(result: { data?: unknown; error?: RequestFailure; meta?: unknown }): SendOutcome;
  /** Makes the one sender, around what this writer decides. */
  openOutbox(parts: {
    readonly send: (entry: Entry<Intent>, signal: AbortSignal) => Promise<SendOutcome>;
    readonly onEvent: (event: OutboxEvent<Intent>) => void;
    readonly policy: OutboxPolicy<Intent>;
  }): Outbox<Intent>;
  readonly getState: () => RowsAndIntents;
  readonly visible: (key: EntityKey) => Row | undefined;
  readonly dispatch: (action: LockstepEvent) => void;
  /** What a base query is handed of the store. */
  readonly storeApi: () => Pick<BaseQueryApi, 'dispatch' | 'getState' | 'extra'>;
  /** Corrected to the server's. */
  readonly clock: Clock;
  readonly newId: () => string;
  readonly user: () => string | null;
}

/** Turns what a person asks for into an intent, shows it, queues it, sends it and settles it. */
export interface Writer {
  readonly outbox: Outbox<Intent>;
  /** Resolves when the server has answered, or as soon as the intent is stored where it will not be sent at once. */
  write(endpoint: string, argument: unknown): Promise<WriteResult>;
  /** One request whose rows are taken in; nothing is queued. */
  read(read: Write, argument: unknown, signal: AbortSignal): Promise<WriteResult>;
  /** Ends a conflict: `mine` is sent over the row as it is now, `theirs` gives the intent up. */
  decide(id: string, choice: 'mine' | 'theirs'): Promise<'done' | 'gone' | 'refused'>;
}

export function createWriter(options: WriterOptions): Writer {
  const { pending, definitions, writes, baseQuery, getState, visible, dispatch, clock, newId, user } =
    options;
  /** What the base query itself said, for the thunk that waits: its form is the application's. */
  const errors = new Map<string, { readonly error: unknown; readonly meta: unknown }>();
  const begun = (intent: Intent, status?: IntentStatus): void =>
    dispatch({ type: 'lockstep/begun', payload: { intent, ...(status && { status }) } });
  const settled = (ended: readonly string[], successor?: Intent): void =>
    dispatch({ type: 'lockstep/settled', payload: { ended, ...(successor && { successor }) } });
  const mark = (id: string, status: Exclude<IntentStatus, { kind: 'acknowledged' }>): void =>
    dispatch({ type: 'lockstep/marked', payload: { id, status } });

  function declared(endpoint: string): Write {
    const write = writes.get(endpoint);
    if (write === undefined) {
      throw new LockstepError('endpoint-undeclared', {
        subject: `The write "${endpoint}"`,
        expected: 'a declared endpoint or thunk',
        received: 'one that this code does not know',
        remedy: 'Declare it with lockstep.declare or lockstep.thunk before the store is made.',
      });
    }
    return write;
  }

  async function send({ key, payload: intent }: Entry<Intent>, signal: AbortSignal): Promise<SendOutcome> {
    const write = declared(intent.endpoint);
    const result = await exchange(write, conditional(write.request(intent.argument), key, intent), signal);
    if (result.error === undefined) {
      const answer = write.transformResponse
        ? await write.transformResponse(result.data, result.meta, intent.argument)
        : result.data;
      errors.delete(key);
      return { kind: 'acknowledged', answer, meta: result.meta };
    }
    errors.set(key, { error: result.error, meta: result.meta });
    const failure = failureOf(result.error);
    const outcome = options.outcomeOf({ error: failure, meta: result.meta });
    if (outcome.kind === 'stale') {
      const row = namedRow(outcome.current, intent, definitions);
      if (row === null) return { kind: 'refused', failure };
      dispatch({ type: 'lockstep/confirmed', payload: { changes: [row] } });
      return { ...outcome, current: row };
    }
    const gone = failure.kind === 'problem' && (failure.status === 404 || failure.status === 410);
    // Somebody else has removed it: what was asked for is so.
    if (gone && intent.targets.every((target) => visible(target) === undefined)) {
      return { kind: 'acknowledged', answer: null, meta: result.meta };
    }
    return outcome;
  }

  async function exchange(write: Write, request: unknown, signal: AbortSignal) {
    if (baseQuery === undefined) {
      throw new LockstepError('not-installed', {
        subject: 'A declared mutation',
        expected: 'a base query to send it with',
        received: 'none',
        remedy: 'Give createLockstep the base query of your api: createLockstep({ collections, baseQuery }).',
      });
    }
    const api: BaseQueryApi = {
      ...options.storeApi(),
      signal,
      abort: () => {},
      endpoint: 'lockstep',
      type: 'mutation',
    };
    return baseQuery(request, api, write.extraOptions ?? {});
  }

  function acknowledgementOf(
    { key, payload: intent }: Entry<Intent>,
    answer: unknown,
    meta: unknown,
  ): Acknowledgement {
    const changes = rowsIn(answer, intent).map((row) => ({ ...row, intent: key }));
    const [only, ...others] = intent.targets;
    const version = others.length === 0 ? etagOf(meta) : null;
    if (only === undefined || version === null) return { changes };
    return { changes, versions: [{ collection: only.collection, id: only.id, version }] };
  }

  function rowsIn(answer: unknown, intent: Intent): readonly NamedRow[] {
    const write = declared(intent.endpoint);
    if (write.answer) return write.answer(answer, intent.argument);
    const rows = Array.isArray(answer) ? (answer as readonly unknown[]) : [answer];
    return rows.flatMap((row) => namedRow(row, intent, definitions) ?? []);
  }

  function onEvent(event: OutboxEvent<Intent>): void {
    switch (event.kind) {
      case 'read':
        for (const entry of event.added) begun(entry.payload, statusOf(entry));
        for (const entry of event.changed) mark(entry.key, statusOf(entry));
        if (event.gone.length > 0) settled(event.gone.map(({ key }) => key));
        return;
      case 'stored':
      case 'sent':
      case 'parked':
      case 'retried':
        mark(event.entry.key, statusOf(event.entry));
        return;
      case 'acknowledged': {
        const acknowledgement = acknowledgementOf(event.entry, event.answer, event.meta);
        dispatch({ type: 'lockstep/acknowledged', payload: { id: event.entry.key, acknowledgement } });
        return;
      }
      case 'merged':
        settled(event.entry ? [event.entry.key, event.id] : [event.into, event.id], event.entry?.payload);
        return;
      case 'restamped':
      case 'upgraded':
        settled([event.entry.key], event.entry.payload);
        return;
      case 'replaced':
        settled([event.previousKey], event.entry.payload);
        return;
      case 'discarded':
        settled([event.entry.key]);
        return;
      case 'state':
    }
  }

  const policy: OutboxPolicy<Intent> = {
    coalesce({ payload: earlier }, { payload: later }) {
      const [gone, fresh] = [later.targets, earlier.targets];
      if (
        fresh.every(isNew) &&
        gone.length === fresh.length &&
        gone.every((key) => visible(key) === undefined)
      ) {
        return 'nothing';
      }
      if (earlier.endpoint !== later.endpoint) return null;
      const argument = declared(later.endpoint).coalesce?.(earlier.argument, later.argument) ?? null;
      return argument === null ? null : { payload: joined(earlier, later, argument) };
    },
    restamp({ payload: intent }, precedent) {
      if (precedent.kind === 'discarded') return intent;
      const rows = rowsIn(precedent.answer, precedent.entry.payload);
      return rows.reduce((stamped, row) => pending.restamp(stamped, row), intent);
    },
    resolve({ payload: intent }, { current }) {
      const row = current as NamedRow;
      const merge = pending.merge(getState(), intent, row, newId());
      if (merge.kind === 'merged') return { kind: 'replace', key: merge.intent.id, payload: merge.intent };
      const conflict: Conflict = { fields: merge.fields, current: row };
      return { kind: 'conflict', conflict };
    },
    refused: (_entry, _failure, awaited) => (awaited ? 'discard' : 'park'),
  };

  const outbox = options.openOutbox({ send, onEvent, policy });

  async function resultOf(
    { id, targets, endpoint, argument }: Intent,
    outcome: Outcome,
  ): Promise<WriteResult> {
    const told = errors.get(id);
    errors.delete(id);
    switch (outcome.kind) {
      case 'acknowledged':
        return { kind: 'done', answer: outcome.answer ?? null, meta: outcome.meta };
      case 'durable':
        return { kind: 'durable', intent: id, rows: targets.map((target) => visible(target) ?? null) };
      case 'nothing':
        return { kind: 'done', answer: null, meta: undefined };
      case 'refused': {
        const { error, meta } = told ?? { error: failureIn(outcome), meta: undefined };
        const { transformErrorResponse } = declared(endpoint);
        return {
          kind: 'failed',
          error: transformErrorResponse ? await transformErrorResponse(error, meta, argument) : error,
          meta,
        };
      }
      case 'not-stored':
        settled([id]);
        return {
          kind: 'failed',
          error: { kind: 'not-stored', message: describe(outcome.error) },
          meta: undefined,
        };
      case 'discarded':
      case 'unknown':
        return { kind: 'failed', error: { kind: 'aborted' }, meta: undefined };
    }
  }

  return {
    outbox,

    async write(endpoint, given) {
      const { prepare } = declared(endpoint);
      const at = clock.now();
      const argument = prepare ? prepare(given, { now: at, id: newId }) : given;
      const draft = { id: newId(), endpoint, argument, at, user: user() };
      const intent = pending.intentFor(getState(), draft);
      begun(intent);
      const lanes = intent.targets.map(({ collection, id }) => `${collection}\n${id}`);
      const stored = outbox.enqueue({ id: intent.id, lanes, payload: intent, at });
      const outcome = outbox.outcome(intent.id);
      // A refusal to store comes back as an outcome.
      await stored.catch(() => {});
      return resultOf(intent, await outcome);
    },

    async read(read, given, signal) {
      const argument = read.prepare ? read.prepare(given, { now: clock.now(), id: newId }) : given;
      const { data, error, meta } = await exchange(read, read.request(argument), signal);
      if (error !== undefined) return { kind: 'failed', error, meta };
      const answer = read.transformResponse ? await read.transformResponse(data, meta, argument) : data;
      const changes = read.answer?.(answer, argument) ?? [];
      if (changes.length > 0) dispatch({ type: 'lockstep/confirmed', payload: { changes } });
      return { kind: 'done', answer, meta };
    },

    async decide(id, choice) {
      const entry = outbox.entries().find((known) => known.entry.id === id || known.entry.key === id)?.entry;
      if (entry === undefined) return 'gone';
      if (choice === 'theirs') return outbox.discard(entry.id);
      const { status, payload: intent } = entry;
      if (status.kind !== 'parked' || status.parking.kind !== 'conflict') return 'refused';
      const { current } = status.parking.conflict as Conflict;
      const successor = { ...pending.restamp(intent, current), id: newId(), seed: intent.seed ?? intent.id };
      return outbox.edit(entry.id, { key: successor.id, payload: successor });
    },
  };
}

/** The request with the headers that make it count once, and only over the version that was seen. */
function conditional(request: unknown, key: string, { targets }: Intent): FetchArgs {
  const args = (typeof request === 'string' ? { url: request } : request) as FetchArgs;
  const headers = new Headers(args.headers as HeadersInit | undefined);
  headers.set(HEADER.idempotencyKey, key);
  const [only, ...others] = targets;
  if (only && others.length === 0 && only.version !== null) headers.set(HEADER.ifMatch, `"${only.version}"`);
  return { ...args, headers: Object.fromEntries(headers) };
}

/** A failure in Lockstep's words, whichever base query it came from: `fetchBaseQuery` has words of its own. */
function failureOf(error: unknown): RequestFailure {
  if (isRequestFailure(error)) return error;
  const { status, data, error: message }: JsonObject = isJsonObject(error) ? error : {};
  if (status === 401) return { kind: 'unauthorised', status };
  if (typeof status === 'number') {
    const body = isJsonObject(data) ? data : {};
    const code = typeof body['code'] === 'string' ? body['code'] : `http-${status}`;
    const told = { type: 'about:blank', title: code, detail: code, message: code, requestId: '' };
    return { kind: 'problem', status, code, problem: { ...told, ...body, status, code } };
  }
  if (status === 'PARSING_ERROR') return { kind: 'parse', status: 0, message: describe(message) };
  if (status === 'TIMEOUT_ERROR') return { kind: 'timeout', afterMs: 0 };
  return { kind: 'unreachable', message: describe(message ?? error) };
}

function failureIn(outcome: Extract<Outcome, { kind: 'refused' }>): RequestFailure | Outcome {
  return 'failure' in outcome.parking ? outcome.parking.failure : outcome;
}

/** The row of one of the intent's targets, if that is what it is. */
function namedRow(
  row: unknown,
  { targets }: Intent,
  definitions: ReadonlyMap<string, CollectionDefinition>,
): NamedRow | null {
  if (typeof row !== 'object' || row === null) return null;
  const target = targets.find(({ collection, id }) => definitions.get(collection)?.id(row) === id);
  return target === undefined ? null : { collection: target.collection, row };
}

/** A strong entity tag that is a version: `"7"`. */
function etagOf(meta: unknown): number | null {
  const headers = (meta as { response?: { headers?: Headers } } | undefined)?.response?.headers;
  const tag = /^"(\d{1,15})"$/.exec(headers?.get('etag') ?? '');
  return tag ? Number(tag[1]) : null;
}

function isNew({ version, base }: Intent['targets'][number]): boolean {
  return version === null && base === null;
}

/** The earlier intent, saying what both said; what was seen first is its base. */
function joined(earlier: Intent, later: Intent, argument: unknown): Intent {
  const targets = earlier.targets.map((target) => {
    const other = later.targets.find(
      ({ collection, id }) => collection === target.collection && id === target.id,
    );
    if (target.base === null || !other?.base) return target;
    return { ...target, base: applyMergePatch(other.base, target.base) };
  });
  return { ...earlier, argument, targets };
}

function statusOf({ status }: Entry<Intent>): Exclude<IntentStatus, { kind: 'acknowledged' }> {
  return status.kind === 'parked' ? { kind: 'parked', reason: status.parking } : { kind: status.kind };
}
