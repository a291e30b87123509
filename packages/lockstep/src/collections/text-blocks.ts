import type { Row } from '../core/index.ts';
import type { SortKey } from './order.ts';
import type { Sorted } from './sort.ts';
import type { Chunk, SortedList } from './sorted-list.ts';

/** The folded texts of one chunk's rows, joined, so that one native search runs over all of them. */
interface Block {
  readonly revision: number;
  readonly rows: readonly Row[];
  readonly text: string;
  /** Where each row's text ends; the next one begins one place after. */
  readonly ends: readonly number[];
}

/** The texts of an ordered list's rows, beside its chunks; a block is made anew when it is searched after a change. */
export class TextBlocks {
  readonly #textOf: (row: Row) => string;
  readonly #blocks = new WeakMap<Chunk<SortKey, Row>, Block>();

  /** @param textOf the folded text of a row */
  constructor(textOf: (row: Row) => string) {
    this.#textOf = textOf;
  }

  /** The list's rows whose text contains the folded query and that pass `accept`, in order. */
  matching(list: SortedList<SortKey, Row>, query: string, accept: ((row: Row) => boolean) | null): Sorted {
    const keys: SortKey[] = [];
    const rows: Row[] = [];
    for (const chunk of list.chunks) {
      const { text, ends } = this.#block(chunk);
      let at = 0;
      for (let found = text.indexOf(query); found >= 0; found = text.indexOf(query, found)) {
        while (ends[at]! < found) at += 1;
        const end = ends[at]!;
        // A query that holds the separator could reach over the end of a row's text.
        if (found + query.length > end) {
          found += 1;
          continue;
        }
        const row = chunk.items[at]!;
        if (accept === null || accept(row)) {
          keys.push(chunk.keys[at]!);
          rows.push(row);
        }
        found = end + 1;
      }
    }
    return { keys, rows };
  }

  #block(chunk: Chunk<SortKey, Row>): Block {
    const known = this.#blocks.get(chunk);
    if (known !== undefined && known.revision === chunk.revision) return known;
    const texts = known === undefined ? chunk.items.map(this.#textOf) : this.#texts(chunk.items, known);
    const ends: number[] = [];
    let end = -1;
    for (const text of texts) {
      end += text.length + 1;
      ends.push(end);
    }
    const block = { revision: chunk.revision, rows: [...chunk.items], text: texts.join('\n'), ends };
    this.#blocks.set(chunk, block);
    return block;
  }

  /** Rows that were here before keep their texts: they stand in the same order as then. */
  #texts(rows: readonly Row[], before: Block): string[] {
    let next = 0;
    return rows.map((row) => {
      const at = before.rows.indexOf(row, next);
      if (at < 0) return this.#textOf(row);
      next = at + 1;
      return before.text.slice(at === 0 ? 0 : before.ends[at - 1]! + 1, before.ends[at]);
    });
  }
}
