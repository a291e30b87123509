import { describe, development, LockstepError } from '../core/index.ts';
import type { CollectionDefinition, Row } from '../core/index.ts';
import { at, leaves, notJson, project, sameJson } from './json.ts';
import type { EffectOf } from './rebase.ts';
import { keyOf, run } from './transaction.ts';
import type { ReadRow, Run } from './transaction.ts';
import type { FieldConflict, Intent, IntentDraft, IntentTarget, Merge, NamedRow } from './types.ts';

/** The definition of a collection by its name. */
export type DefinitionOf = (collection: string) => CollectionDefinition;

/** Runs the effect of a new intent to learn its targets. */
export function intentFor(
  draft: IntentDraft,
  visible: ReadRow,
  confirmed: ReadRow,
  effectOf: EffectOf,
  definitionOf: DefinitionOf,
): Intent {
  const unfit = notJson(draft.argument);
  if (unfit !== null) {
    throw new LockstepError('not-serialisable', {
      subject: `The argument of "${draft.endpoint}"`,
      expected: 'plain JSON, because it is stored and replayed',
      received: `${describe(at(draft.argument, unfit.split('.').slice(1)))} at "argument${unfit}"`,
      remedy: 'Give files and callbacks to an upload; keep times and ids as text or numbers.',
    });
  }
  const { writes } = trial(draft, visible, effectOf);
  const targets = [...writes.values()].map(({ collection, id, patch }): IntentTarget => {
    const row = confirmed({ collection, id });
    const version = row === undefined ? null : versionOf(definitionOf(collection), row);
    return {
      collection,
      id,
      version,
      base: row === undefined && patch === null ? null : project(row, patch ?? {}),
    };
  });
  return { ...draft, targets };
}

/** By field: base against theirs against mine. */
export function merge(
  intent: Intent,
  current: NamedRow,
  successor: string,
  visible: ReadRow,
  effectOf: EffectOf,
  definitionOf: DefinitionOf,
): Merge {
  const key = { collection: current.collection, id: definitionOf(current.collection).id(current.row) };
  const name = keyOf(key);
  const { writes } = trial(
    intent,
    (wanted) => (keyOf(wanted) === name ? current.row : visible(wanted)),
    effectOf,
  );
  const base = intent.targets.find((target) => keyOf(target) === name)?.base ?? {};
  const fields: FieldConflict[] = [];
  for (const [path, mine] of leaves(writes.get(name)?.patch ?? {})) {
    const [before, theirs] = [at(base, path), at(current.row, path)];
    if (!sameJson(theirs, before) && !sameJson(theirs, mine)) {
      fields.push({ ...key, field: path.join('.'), base: before, mine, theirs });
    }
  }
  if (fields.length > 0) return { kind: 'conflict', fields };
  const seed = intent.seed ?? intent.id;
  return { kind: 'merged', intent: { ...restamp(intent, current, definitionOf), id: successor, seed } };
}

/** The intent over a row that it did not see when it was made. */
export function restamp(intent: Intent, { collection, row }: NamedRow, definitionOf: DefinitionOf): Intent {
  const definition = definitionOf(collection);
  const name = keyOf({ collection, id: definition.id(row) });
  const targets = intent.targets.map((target) =>
    keyOf(target) === name
      ? { ...target, version: versionOf(definition, row), base: project(row, target.base ?? {}) }
      : target,
  );
  return { ...intent, targets };
}

function versionOf(definition: CollectionDefinition, row: Row): number | null {
  return definition.version?.(row) ?? null;
}

/** One run of the effect; in development two, which must do the same. */
function trial(intent: IntentDraft, read: ReadRow, effectOf: EffectOf): Run {
  const effect = effectOf(intent.endpoint);
  if (effect === undefined) {
    throw new LockstepError('endpoint-undeclared', {
      subject: `The endpoint "${intent.endpoint}"`,
      expected: 'a declared effect',
      received: 'none',
      remedy: 'Declare it: lockstep.declare(api, { [endpoint]: { effect: (tx, argument) => … } }).',
    });
  }
  const first = run(effect, intent, read);
  if ('thrown' in first) throw first.thrown;
  if (development && !sameJson([...first.writes.values()], [...run(effect, intent, read).writes.values()])) {
    throw new LockstepError('effect-impure', {
      subject: `The effect of "${intent.endpoint}"`,
      expected: 'the same writes from the same rows and argument, each time',
      received: 'two runs that differ',
      remedy: 'Take the time from tx.now and ids from tx.id() or the argument; keep randomness in `prepare`.',
    });
  }
  return first;
}
