import type { CollectionDefinition, Row } from './core/index.ts';
import type { Order } from './collections/index.ts';
import type { EffectTransaction, Make, NamedRow } from './pending/index.ts';

/**
 * What an endpoint's answer, or a mutation's argument, means to the collections. Everything here is inferred
 * from the api: a declaration names no types of its own, and a mistake in one is an error at its line.
 */
export type Declarations<Definitions> = {
  readonly [Name in keyof Definitions]?: DeclarationFor<Definitions[Name]>;
};

/** `type` and `Types` are the two members RTK Query puts on every definition for TypeScript's sake. */
type DeclarationFor<Definition> = Definition extends {
  type: infer Kind extends string;
  Types?: (infer Types) | undefined;
}
  ? NonNullable<Types> extends { QueryArg: infer Argument; ResultType: infer Answer }
    ? DeclarationOf<`${Kind}`, Argument, Answer>
    : never
  : never;

type DeclarationOf<Kind extends string, Argument, Answer> = Kind extends 'query'
  ? OneDeclaration<Argument, Answer> | ListDeclaration<Argument, Answer>
  : Kind extends 'infinitequery'
    ? PagesDeclaration<Argument, Answer>
    : Kind extends 'mutation'
      ? WriteDeclaration<Argument, Answer>
      : never;

/** The keys of an answer under which an array of rows sits. */
type RowsKey<Answer> = {
  [Key in keyof Answer]-?: NonNullable<Answer[Key]> extends readonly (infer Element)[]
    ? Element extends Row
      ? Key
      : never
    : never;
}[keyof Answer];

type KeyOf<Answer, Value> = {
  [Key in keyof Answer]-?: Answer[Key] extends Value | undefined ? Key : never;
}[keyof Answer];

type ElementOf<Value> = NonNullable<Value> extends readonly (infer Element)[] ? Extract<Element, Row> : never;

/** The answer is one row. When the row is removed the entry's data becomes `undefined`; nothing is refetched. */
export interface OneDeclaration<Argument, Answer> {
  readonly one: CollectionDefinition<Extract<Answer, Row>>;
  /** The row's id, where the argument tells it: lets a row that another answer brought be shown at once. */
  readonly id?: (argument: Argument) => string;
}

interface Membership<Argument, R extends Row> {
  /**
   * Which rows belong. Without it the client cannot know the list's rule: a change that could matter to it makes
   * the entry refetch. `now` is in milliseconds and ticks.
   */
  readonly where?: (argument: Argument) => (row: R, now: number) => boolean;
  /** How rows are ordered; ties go by id. Without it rows keep the server's places and none can enter. */
  readonly order?: (argument: Argument) => Order<R>;
}

interface Counters<Answer> {
  /** The key of the number of rows that match on the server, kept true as rows enter and leave. */
  readonly total?: KeyOf<Answer, number>;
  /** The key of the flag that says whether rows follow the last one shown. */
  readonly hasMore?: KeyOf<Answer, boolean>;
}

/** The answer is, or holds under `rows`, a list of rows. */
export type ListDeclaration<Argument, Answer> = Answer extends readonly (infer Element)[]
  ? Membership<Argument, Extract<Element, Row>> & {
      readonly list: CollectionDefinition<Extract<Element, Row>>;
      readonly window?: (argument: Argument) => ListWindow;
    }
  : {
      [Key in RowsKey<Answer>]: Membership<Argument, ElementOf<Answer[Key]>> &
        Counters<Answer> & {
          readonly list: CollectionDefinition<ElementOf<Answer[Key]>>;
          readonly rows: Key;
          readonly window?: (argument: Argument) => ListWindow;
        };
    }[RowsKey<Answer>];

/** Which stretch of the whole ordered list an answer holds: `offset` rows are before it, at most `limit` in it. */
export interface ListWindow {
  readonly offset: number;
  readonly limit?: number;
}

/** Each page of an infinite query is, or holds under `rows`, a list of rows. */
export type PagesDeclaration<Argument, Page> = Page extends readonly (infer Element)[]
  ? Membership<Argument, Extract<Element, Row>> & {
      readonly pages: CollectionDefinition<Extract<Element, Row>>;
    }
  : {
      [Key in RowsKey<Page>]: Membership<Argument, ElementOf<Page[Key]>> &
        Counters<Page> & { readonly pages: CollectionDefinition<ElementOf<Page[Key]>>; readonly rows: Key };
    }[RowsKey<Page>];

/** What a mutation does to the rows, at once and again after every rebase. */
export interface WriteDeclaration<Argument, Answer> {
  /**
   * Pure: time and ids come from the transaction, the argument is plain JSON. It is replayed, by another tab or
   * tomorrow, whenever the rows underneath change.
   */
  readonly effect: (tx: EffectTransaction, argument: Argument) => void;
  /** Completes the argument once, before it is stored: a new row's id, for one. */
  readonly prepare?: (argument: Argument, make: Make) => Argument;
  /**
   * The rows that an answer confirms. By default an answer that is a row, or an array of rows, which the effect wrote
   * to is taken; an answer of another form says nothing about rows.
   */
  readonly answer?: (answer: Answer, argument: Argument) => readonly NamedRow[];
  /**
   * One argument that says what two writes to the same rows say, where neither was sent yet; null keeps them apart.
   * `earlier` is the argument of the write before this one, by this endpoint. What it removes and was inserted by
   * unsent writes is cancelled out without asking.
   */
  readonly coalesce?: (earlier: Argument, later: Argument) => Argument | null;
}
