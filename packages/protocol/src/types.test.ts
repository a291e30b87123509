import { expectTypeOf, test } from 'vitest';
import type { Change, ClientFrame, FieldError, Problem, RowChange, ServerFrame } from './index.ts';
import type { JsonObject } from './json.ts';

test('types have their declared members and no others, whatever their schemas let through', () => {
  expectTypeOf<keyof Problem>().toEqualTypeOf<
    'type' | 'title' | 'status' | 'detail' | 'code' | 'message' | 'errors' | 'requestId' | 'current'
  >();
  expectTypeOf<keyof RowChange>().toEqualTypeOf<
    'entity' | 'id' | 'op' | 'version' | 'row' | 'before' | 'intent' | 'actor' | 'at'
  >();
  expectTypeOf<keyof FieldError>().toEqualTypeOf<'path' | 'message'>();
});

test('a frame is narrowed by its type, a change by its op', () => {
  expectTypeOf<Extract<ServerFrame, { type: 'CHANGES' }>['changes']>().toEqualTypeOf<Change[]>();
  expectTypeOf<keyof Extract<ServerFrame, { type: 'HELLO' }>>().toEqualTypeOf<
    'type' | 'offset' | 'horizon' | 'protocol' | 'now'
  >();
  expectTypeOf<Extract<ClientFrame, { type: 'RESUME' }>>().toEqualTypeOf<{ type: 'RESUME'; since: number }>();
  expectTypeOf<Extract<Change, { op: 'none' }>>().toEqualTypeOf<{ op: 'none' }>();
  expectTypeOf<RowChange['row']>().toEqualTypeOf<JsonObject | undefined>();
});
