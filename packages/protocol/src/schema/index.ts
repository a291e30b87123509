export { change, emptyChange, rowChange } from './change.ts';
export { clientFrame, presencePerson, serverFrame } from './frames.ts';
export { intent, intentTarget } from './intent.ts';
export { entityName, instant, jsonObject, offset, rowId, topic, uuidv7Text, version } from './primitives.ts';
export { fieldError, problem } from './problem.ts';
export { schemaText } from './schema-text.ts';
