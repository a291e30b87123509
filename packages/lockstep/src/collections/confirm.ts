import { sameJson } from '../core/index.ts';
import type { CollectionDefinition, Row } from '../core/index.ts';
import type { TableEdit } from './table.ts';
import type { TombstoneIndex } from './tombstones.ts';
import { versionIn } from './words.ts';
import type { Word } from './words.ts';

/** Lets one word act on the rows, by the rules of versions, stamps, parts and tombstones. */
export function confirmWord(word: Word, edit: TableEdit): void {
  const { definition, removals } = word.keeper;
  const slot = edit.find(word.id);
  const versioned = definition.version !== undefined;
  if (word.row === null) {
    if (slot === undefined) buryUnknown(edit, removals, word, versioned);
    else remove(definition, edit, word, slot, versioned);
  } else if (slot === undefined) {
    if (!isBuried(edit, removals, word, versioned)) add(edit, word, word.row, versioned);
  } else if (versioned) meetByVersion(definition, edit, word, word.row, slot);
  else meetByStamp(edit, word, word.row, slot);
}

function add(edit: TableEdit, word: Word, row: Row, versioned: boolean): void {
  const stamp = versioned || word.partial ? 0 : (word.startedAt ?? edit.latest);
  edit.add(word.id, row, stamp, word.partial);
}

function isBuried(edit: TableEdit, removals: TombstoneIndex, word: Word, versioned: boolean): boolean {
  const buried = removals.orderOf(edit.tombstones, word.id);
  if (buried === undefined) return false;
  if (versioned) return word.version === null || word.version <= buried;
  return word.startedAt !== null && word.startedAt <= buried;
}

function meetByVersion(
  definition: CollectionDefinition,
  edit: TableEdit,
  word: Word,
  row: Row,
  slot: number,
): void {
  const current = edit.row(slot);
  const known = versionIn(definition, current);
  const version = word.version ?? -Infinity;
  const isPart = edit.isPart(slot);
  if (version > known) {
    edit.replace(slot, word.id, word.partial ? { ...current, ...row } : row, word.partial);
  } else if (isPart) {
    if (word.partial) edit.replace(slot, word.id, withGapsFilled(current, row), true);
    else if (version === known) edit.replace(slot, word.id, row, false);
    else edit.replace(slot, word.id, withGapsFilled(current, row), true);
  }
}

function meetByStamp(edit: TableEdit, word: Word, row: Row, slot: number): void {
  const current = edit.row(slot);
  const isPart = edit.isPart(slot);
  if (word.partial) {
    if (isPart) edit.replace(slot, word.id, withGapsFilled(current, row), true);
    return;
  }
  const stamp = word.startedAt ?? edit.latest;
  if (!isPart && word.startedAt !== null && word.startedAt < edit.stamp(slot)) return;
  edit.replace(slot, word.id, sameJson(current, row) ? current : row, false);
  edit.setStamp(slot, stamp);
}

function remove(
  definition: CollectionDefinition,
  edit: TableEdit,
  word: Word,
  slot: number,
  versioned: boolean,
): void {
  const known = versioned ? versionIn(definition, edit.row(slot)) : edit.stamp(slot);
  const order = versioned ? (word.version ?? known) : (word.startedAt ?? edit.latest);
  if (order < known) return;
  edit.remove(slot, word.id);
  if (order !== -Infinity) edit.bury(word.id, order);
}

/** A row may be on its way whose removal is already here. */
function buryUnknown(edit: TableEdit, removals: TombstoneIndex, word: Word, versioned: boolean): void {
  const order = versioned ? word.version : word.startedAt;
  if (order === null) return;
  const buried = removals.orderOf(edit.tombstones, word.id);
  if (buried === undefined || buried < order) edit.bury(word.id, order);
}

/** The known row with the fields it lacks; the same object where it lacks none. */
function withGapsFilled(known: Row, other: Row): Row {
  const lacks = Object.keys(other).some((field) => !Object.hasOwn(known, field));
  return lacks ? { ...other, ...known } : known;
}
