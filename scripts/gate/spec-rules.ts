import { parseSync } from 'oxc-parser';

import { calledName, isNode, visit, type SyntaxNode } from '../imports/read-imports.ts';

/** A rule is defined where its number stands in bold: `**S1.2**`. */
const definition = /\*\*(S\d+\.\d+)\*\*/g;
const mention = /\bS\d+\.\d+\b/g;

/** The numbers of the rules that a specification defines, in its order, repeated where it repeats them. */
export function rulesIn(specification: string): readonly string[] {
  return [...specification.matchAll(definition)].flatMap((match) => match[1] ?? []);
}

/**
 * The titles of a test file's suites and tests. What is skipped or only planned proves nothing, so its title
 * does not count.
 */
export function titlesIn(file: string, text: string): readonly string[] {
  const titles: string[] = [];
  visit(parseSync(file, text).program, (node) => {
    if (node['type'] !== 'CallExpression' || !isTest(node['callee'])) return;
    const [first] = node['arguments'] as readonly unknown[];
    const title = titleOf(first);
    if (title !== null) titles.push(title);
  });
  return titles;
}

/** `test`, `it` or `describe`, with whatever modifies them: `test.each([…])('title')`, `` test.for`…`('title') ``. */
function isTest(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  if (callee['type'] === 'CallExpression') return isTest(callee['callee']);
  if (callee['type'] === 'TaggedTemplateExpression') return isTest(callee['tag']);
  const [first, ...modifiers] = (calledName(callee) ?? '').split('.');
  if (!['test', 'it', 'describe', 'suite'].includes(first ?? '')) return false;
  return !modifiers.some((modifier) => ['skip', 'todo', 'fails'].includes(modifier));
}

function titleOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node['type'] === 'Literal') return typeof node['value'] === 'string' ? node['value'] : null;
  if (node['type'] === 'TemplateLiteral') {
    const quasis = node['quasis'] as readonly SyntaxNode[];
    return quasis.map((quasi) => (quasi['value'] as { readonly cooked: string }).cooked).join('…');
  }
  if (node['type'] === 'BinaryExpression')
    return `${titleOf(node['left']) ?? ''}${titleOf(node['right']) ?? ''}`;
  return null;
}

/** Every rule has a test, every test names a rule that exists, and no number is given twice. */
export function compareRules(rules: readonly string[], titles: readonly string[]): readonly string[] {
  const tested = new Set(titles.flatMap((title) => title.match(mention) ?? []));
  const defined = new Set(rules);
  const twice = rules.filter((rule, index) => rules.indexOf(rule) !== index);
  return [
    ...(rules.length === 0
      ? ['The specification defines no rule; a rule begins with its number in bold: **S1.1**.']
      : []),
    ...twice.map((rule) => `${rule} is defined twice: give the second one a number of its own.`),
    ...[...defined]
      .filter((rule) => !tested.has(rule))
      .map((rule) => `${rule} has no test: write one that can fail, and put the number into its title.`),
    ...[...tested]
      .filter((rule) => !defined.has(rule))
      .map(
        (rule) => `A test title names ${rule}, which the specification does not define: correct the number.`,
      ),
  ];
}
