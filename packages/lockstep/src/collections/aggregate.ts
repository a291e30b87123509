import { LockstepError } from '../core/index.ts';
import type { Row } from '../core/index.ts';
import type { Keeper } from './keeper.ts';
import { Replicas } from './replicas.ts';
import { Tally } from './tally.ts';
import type { Aggregate, AggregateResult, AggregateSpec, CollectionState } from './types.ts';

type Figures = AggregateResult<string, string>;

interface Seen {
  readonly tally: Tally;
  readonly revision: number;
  readonly now: number;
  readonly figures: Figures;
}

/** Makes an aggregate that follows the state, with one tally per line of states. */
export function aggregateOf(
  keeper: Keeper,
  spec: AggregateSpec<Row, string, string>,
): Aggregate<string, string> {
  const { collection, where, recent } = spec;
  const spans = Object.entries(recent?.within ?? {});
  const tallies = new Replicas<CollectionState, Tally>({
    build(state) {
      const rows: Row[] = [];
      keeper.forEachVisible(state, (row) => {
        if (where === undefined || where(row)) rows.push(row);
      });
      keeper.trace({ kind: 'view-built', collection: collection.name, rows: state.rows.n, from: 'rows' });
      return new Tally(collection, spec, rows);
    },
    advance(tally, from, to, asRecorded) {
      const way = keeper.way(from, to, asRecorded);
      if (typeof way === 'string') return way;
      for (const changes of way) tally.apply(changes);
      return 'done';
    },
  });
  let latest: Seen | null = null;
  let clock: number | undefined;

  const figuresOf = (tally: Tally, now: number): Figures => ({
    count: tally.count,
    groups: new Map(tally.groups),
    sums: Object.fromEntries(tally.sums),
    recent: Object.fromEntries(spans.map(([name, span]) => [name, tally.countAfter(now - span)])),
  });

  return {
    read(state, now) {
      clock = now ?? clock;
      if (clock === undefined && spans.length > 0) throw clockMissing(collection.name);
      const time = clock ?? 0;
      const tally = tallies.at(keeper.in(state));
      if (
        latest !== null &&
        latest.tally === tally &&
        latest.revision === tally.revision &&
        latest.now === time
      ) {
        return latest.figures;
      }
      const read = figuresOf(tally, time);
      const figures = latest !== null && isSame(latest.figures, read) ? latest.figures : read;
      latest = { tally, revision: tally.revision, now: time, figures };
      return figures;
    },
  };
}

function isSame(a: Figures, b: Figures): boolean {
  return (
    a.count === b.count &&
    a.groups.size === b.groups.size &&
    [...a.groups].every(([group, count]) => b.groups.get(group) === count) &&
    Object.keys(a.sums).every((name) => a.sums[name] === b.sums[name]) &&
    Object.keys(a.recent).every((name) => a.recent[name] === b.recent[name])
  );
}

function clockMissing(collection: string): LockstepError {
  return new LockstepError('clock-missing', {
    subject: `An aggregate of the collection "${collection}" that counts recent rows`,
    expected: 'read(state, now) with milliseconds since 1970',
    received: 'no time',
    remedy: 'Pass the time of a clock that ticks as often as the figures should follow it.',
  });
}
