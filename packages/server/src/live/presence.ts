import { compareText } from '@lockstep/protocol';
import type { PresencePerson } from '@lockstep/protocol';
import type { Clock } from '../core/ports.ts';
import type { Connection } from './connection.ts';
import type { NodeMessage } from './nodes.ts';
import type { Subject } from './types.ts';

/** Each node repeats its part, so that the part of one that died ends. */
const REPEAT_MS = 20_000;
const FORGET_MS = 60_000;

type Doing = Pick<PresencePerson, 'state' | 'field'>;

interface Topic<S extends Subject> {
  /** Who watches, and what they do there (null: they only watch). */
  watchers: Map<Connection<S>, Doing | null>;
  others: Map<string, { people: PresencePerson[]; until: number }>;
  /** What watchers were told last, and what the other nodes were. */
  told: string;
  published: string;
}

export interface PresenceOptions<S extends Subject> {
  clock: Clock;
  tell(connection: Connection<S>, text: string): void;
  publish(message: NodeMessage): void;
}

/** Who is where, among the sockets of this process and what the other nodes say of theirs. */
export class Presence<S extends Subject> {
  readonly #options: PresenceOptions<S>;
  readonly #topics = new Map<string, Topic<S>>();
  readonly #changed = new Set<string>();
  readonly #stopRepeat: () => void;

  constructor(options: PresenceOptions<S>) {
    this.#options = options;
    this.#stopRepeat = options.clock.every(REPEAT_MS, () => this.#repeat());
  }

  get topics(): number {
    return this.#topics.size;
  }

  /** Joins, and tells the newcomer who is there. */
  join(connection: Connection<S>, name: string): void {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { watchers: new Map(), others: new Map(), told: '', published: '[]' };
      this.#topics.set(name, topic);
      this.#options.publish({ kind: 'ask', topic: name });
    }
    if (!topic.watchers.has(connection)) topic.watchers.set(connection, null);
    (connection.topics ??= new Set()).add(name);
    this.#options.tell(connection, frame(name, this.#people(topic)));
  }

  leave(connection: Connection<S>, name: string): void {
    connection.topics?.delete(name);
    const topic = this.#topics.get(name);
    if (topic?.watchers.delete(connection) === true) this.#touch(name);
  }

  leaveAll(connection: Connection<S>): void {
    for (const name of connection.topics ?? []) this.leave(connection, name);
  }

  /** False where the connection has not joined the topic. */
  set(connection: Connection<S>, name: string, doing: Doing | null): boolean {
    const topic = this.#topics.get(name);
    if (topic === undefined || !topic.watchers.has(connection)) return false;
    topic.watchers.set(connection, doing);
    this.#touch(name);
    return true;
  }

  /** What another node says of its own people. */
  receive(from: string, name: string, people: PresencePerson[]): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    if (people.length === 0) topic.others.delete(from);
    else topic.others.set(from, { people, until: this.#options.clock.now() + FORGET_MS });
    this.#touch(name);
  }

  answer(name: string): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    const people = ownPeople(topic);
    if (people.length > 0) this.#options.publish({ kind: 'presence', topic: name, people });
  }

  stop(): void {
    this.#stopRepeat();
    for (const [name, topic] of this.#topics) {
      if (topic.published !== '[]') this.#options.publish({ kind: 'presence', topic: name, people: [] });
    }
    this.#topics.clear();
  }

  /** Many changes of one turn of the event loop are told as one. */
  #touch(name: string): void {
    if (this.#changed.size === 0) setImmediate(() => this.#tellChanged());
    this.#changed.add(name);
  }

  #tellChanged(): void {
    const names = [...this.#changed];
    this.#changed.clear();
    for (const name of names) {
      const topic = this.#topics.get(name);
      if (topic === undefined) continue;
      const own = ownPeople(topic);
      const published = JSON.stringify(own);
      if (published !== topic.published) {
        topic.published = published;
        this.#options.publish({ kind: 'presence', topic: name, people: own });
      }
      if (topic.watchers.size === 0) {
        this.#topics.delete(name);
        continue;
      }
      const text = frame(name, this.#people(topic));
      if (text === topic.told) continue;
      topic.told = text;
      for (const connection of topic.watchers.keys()) this.#options.tell(connection, text);
    }
  }

  #repeat(): void {
    const now = this.#options.clock.now();
    for (const [name, topic] of this.#topics) {
      this.answer(name);
      for (const [node, { until }] of topic.others) {
        if (until > now) continue;
        topic.others.delete(node);
        this.#touch(name);
      }
    }
  }

  #people(topic: Topic<S>): PresencePerson[] {
    return merged([...ownPeople(topic), ...[...topic.others.values()].flatMap(({ people }) => people)]);
  }
}

const frame = (topic: string, people: PresencePerson[]): string =>
  JSON.stringify({ type: 'PRESENCE', topic, people });

function ownPeople<S extends Subject>(topic: Topic<S>): PresencePerson[] {
  const people: PresencePerson[] = [];
  for (const [{ subject }, doing] of topic.watchers) {
    if (subject !== null && doing !== null) people.push({ id: subject.id, name: subject.name, ...doing });
  }
  return merged(people);
}

/** One entry a person, however many sockets; who edits in one of them is editing. In a stable order. */
function merged(people: PresencePerson[]): PresencePerson[] {
  const byId = new Map<string, PresencePerson>();
  for (const person of people) {
    if (person.state === 'editing' || !byId.has(person.id)) byId.set(person.id, person);
  }
  return [...byId.values()].toSorted((a, b) => compareText(a.id, b.id));
}
