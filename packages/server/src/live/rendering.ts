import type { Change } from '@lockstep/protocol';
import type { FullChange } from '../feed/index.ts';
import type { HubOptions, Subject } from './types.ts';

interface Visible {
  change: Change;
  text: string;
}

/** What a class of rights may see of each change, as text; made once per change and class, for as long as the change is in memory. */
export class Rendering<S extends Subject> {
  readonly #authorise: HubOptions<S>['authorise'];
  readonly #rightsFor: ((change: FullChange, subject: S) => string) | null;
  readonly #visible = new WeakMap<FullChange, Map<string, Visible>>();

  constructor(options: Pick<HubOptions<S>, 'authorise' | 'rightsFor'>) {
    this.#authorise = (change, subject) => options.authorise(change, subject);
    this.#rightsFor =
      options.rightsFor === undefined
        ? null
        : (change, subject) => options.rightsFor?.(change, subject) ?? '';
  }

  /** Do all changes have one class per subject? Then a batch has one frame per class, found without looking at each change. */
  get isUniform(): boolean {
    return this.#rightsFor === null;
  }

  rightsOf(change: FullChange, subject: S): string {
    return this.#rightsFor === null ? subject.rights : this.#rightsFor(change, subject);
  }

  visible(change: FullChange, subject: S, rights = this.rightsOf(change, subject)): Visible {
    let classes = this.#visible.get(change);
    if (classes === undefined) this.#visible.set(change, (classes = new Map()));
    let found = classes.get(rights);
    if (found === undefined) {
      const visible = this.#authorise(change, subject);
      found = { change: visible, text: JSON.stringify(visible) };
      classes.set(rights, found);
    }
    return found;
  }

  /** A frame `CHANGES` for one subject. */
  frame(changes: readonly FullChange[], offset: number, subject: S): string {
    const texts = changes.map((change) => this.visible(change, subject).text);
    return `{"type":"CHANGES","offset":${offset},"changes":[${texts.join(',')}]}`;
  }
}

interface Node {
  frame: Buffer | null;
  next: Map<string, Node>;
}

const newNode = (): Node => ({ frame: null, next: new Map() });

/** The frames of one batch: one per class of rights, whatever the number of sockets. */
export class BatchFrames<S extends Subject> {
  readonly changes: readonly FullChange[];
  readonly offset: number;
  readonly #rendering: Rendering<S>;
  readonly #uniform = new Map<string, Buffer>();
  readonly #root = newNode();
  made = 0;

  constructor(rendering: Rendering<S>, changes: readonly FullChange[], offset: number) {
    this.#rendering = rendering;
    this.changes = changes;
    this.offset = offset;
  }

  /** The frame's bytes, shared by everyone of the same rights: never change them. */
  for(subject: S): Buffer {
    if (this.#rendering.isUniform) {
      let frame = this.#uniform.get(subject.rights);
      if (frame === undefined) this.#uniform.set(subject.rights, (frame = this.#make(subject)));
      return frame;
    }
    let node = this.#root;
    for (const change of this.changes) {
      const rights = this.#rendering.rightsOf(change, subject);
      let next = node.next.get(rights);
      if (next === undefined) node.next.set(rights, (next = newNode()));
      node = next;
    }
    return (node.frame ??= this.#make(subject));
  }

  #make(subject: S): Buffer {
    this.made += 1;
    return Buffer.from(this.#rendering.frame(this.changes, this.offset, subject));
  }
}
