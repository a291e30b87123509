import { membersOf, setOwn } from './same.ts';

export interface Tag {
  readonly type: string;
  readonly id?: string | number;
}

/** RTK Query's `provided` state: cache keys by tag, and tags by cache key. */
export interface Provided {
  readonly tags: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly keys: Readonly<Record<string, readonly Tag[]>>;
}

/** The name under which RTK Query keeps a tag without an id. */
const NO_ID = '__internal_without_id';

/** The tags that an endpoint provides for this data; null where its function throws. */
export function tagsFor(definition: unknown, data: unknown, argument: unknown): readonly Tag[] | null {
  const { providesTags } = membersOf(definition);
  try {
    const tags: unknown =
      typeof providesTags === 'function' ? providesTags(data, undefined, argument, {}) : providesTags;
    if (!Array.isArray(tags)) return [];
    return tags.flatMap((tag): readonly Tag[] => {
      if (tag === null || tag === undefined) return [];
      return [typeof tag === 'string' ? { type: tag } : tag];
    });
  } catch {
    return null;
  }
}

/** `provided` with these entries' tags instead, in one copy; the same object where none changed. */
export function withTags(provided: Provided, tagsByKey: ReadonlyMap<string, readonly Tag[]>): Provided {
  const changed = [...tagsByKey].filter(([key, tags]) => !areEqual(provided.keys[key], tags));
  if (changed.length === 0) return provided;
  const keys = { ...provided.keys };
  const byType: Record<string, Record<string, readonly string[]>> = { ...provided.tags };
  const copied = new Set<string>();
  const edit = (tag: Tag, change: (cacheKeys: readonly string[]) => readonly string[]): void => {
    if (!copied.has(tag.type)) {
      copied.add(tag.type);
      setOwn(byType, tag.type, { ...byType[tag.type] });
    }
    const id = String(tag.id ?? NO_ID);
    const byId = byType[tag.type]!;
    setOwn(byId, id, change(Object.hasOwn(byId, id) ? byId[id]! : []));
  };
  for (const [cacheKey, tags] of changed) {
    const before = provided.keys[cacheKey] ?? [];
    const [old, now] = [new Set(before.map(nameOf)), new Set(tags.map(nameOf))];
    for (const tag of before)
      if (!now.has(nameOf(tag))) edit(tag, (cacheKeys) => cacheKeys.filter((key) => key !== cacheKey));
    for (const tag of tags) {
      if (!old.has(nameOf(tag)))
        edit(tag, (cacheKeys) => (cacheKeys.includes(cacheKey) ? cacheKeys : [...cacheKeys, cacheKey]));
    }
    keys[cacheKey] = tags;
  }
  return { tags: byType, keys };
}

function nameOf({ type, id }: Tag): string {
  return `${type}\n${id ?? NO_ID}`;
}

function areEqual(before: readonly Tag[] | undefined, tags: readonly Tag[]): boolean {
  if (before?.length !== tags.length) return false;
  return tags.every(({ type, id }, at) => before[at]!.type === type && before[at]!.id === id);
}
