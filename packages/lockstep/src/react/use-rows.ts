import { useEffect, useMemo, useRef } from 'react';
import { useSelector, useStore } from 'react-redux';
import type {
  Aggregate,
  AggregateResult,
  AggregateSpec,
  ViewResult,
  ViewSpec,
} from '../collections/index.ts';
import { development } from '../core/index.ts';
import type { CollectionDefinition, Row, RowId } from '../core/index.ts';
import { runtimeOf } from '../runtime.ts';
import type { Runtime } from '../runtime.ts';

/**
 * What is behind the store of the nearest react-redux provider.
 * @throws LockstepError `not-installed` where that store has no Lockstep.
 */
export function useLockstep(): Runtime {
  const store = useStore();
  return useMemo(() => runtimeOf(store), [store]);
}

/**
 * One visible row; undefined while it is not known, or once it is removed. Renders again when this row changes, and is
 * kept while somebody shows it.
 */
export function useRow<R extends Row>(collection: CollectionDefinition<R>, id: RowId): R | undefined {
  const { collections, stateOf, retain } = useLockstep();
  useEffect(() => retain({ collection: collection.name, id }), [retain, collection, id]);
  return useSelector((state) => collections.get(stateOf(state).collections, collection, id));
}

/**
 * The rows of a window of a filtered, ordered collection, kept up to date step by step. Renders again when a row inside
 * the window, or the total, changes. Keep `where`, `order` and `search.text` the same functions from render to render
 * (outside the component, or by `useCallback`): a new one builds its index anew.
 */
export function useView<R extends Row>(spec: ViewSpec<R>): ViewResult<R> {
  const { collections, stateOf, retain } = useLockstep();
  const { collection, where, order, search, window } = spec;
  useSteady('where', where);
  useSteady('order', order);
  const { text, query, fold } = search ?? {};
  const { offset, limit } = window ?? {};
  const view = useMemo(
    () =>
      collections.view<R>({
        collection,
        ...(where && { where }),
        ...(order && { order }),
        ...(text !== undefined && query !== undefined && { search: { text, query, ...(fold && { fold }) } }),
        ...(offset !== undefined && limit !== undefined && { window: { offset, limit } }),
      }),
    [collections, collection, where, order, text, query, fold, offset, limit],
  );
  const result = useSelector((root) => {
    const { collections: rows, queries } = stateOf(root);
    return view.read(rows, queries.now);
  });
  useEffect(() => {
    const releases = result.rows.map((row) =>
      retain({ collection: collection.name, id: collection.id(row) }),
    );
    return () => {
      for (const release of releases) release();
    };
  }, [retain, collection, result.rows]);
  return result;
}

/** Figures over a whole collection: counts, groups, sums, activity. Keep the spec the same object. */
export function useAggregate<R extends Row, Sums extends string = never, Spans extends string = never>(
  spec: AggregateSpec<R, Sums, Spans>,
): AggregateResult<Sums, Spans> {
  const { collections, stateOf } = useLockstep();
  useSteady('spec', spec);
  const aggregate: Aggregate<Sums, Spans> = useMemo(() => collections.aggregate(spec), [collections, spec]);
  return useSelector((root) => {
    const { collections: rows, queries } = stateOf(root);
    return aggregate.read(rows, queries.now);
  });
}

/** Renders in a row with a new value each before it is said, once, that this is costly. */
const RESTLESS = 5;

/** In development, says when something that costs an index is made anew at every render. */
function useSteady(name: string, value: unknown): void {
  const seen = useRef({ value, changes: 0 });
  useEffect(() => {
    if (!development) return;
    const { current } = seen;
    if (current.value === value) current.changes = 0;
    else if ((current.changes += 1) === RESTLESS) {
      // oxlint-disable-next-line no-console -- a warning for the engineer, in development alone
      console.warn(
        `A view's \`${name}\`: expected the same value from render to render; received ${RESTLESS} in a row. ` +
          'Define it outside the component, or keep it by useCallback or useMemo. (view-restless)',
      );
    }
    current.value = value;
  });
}
