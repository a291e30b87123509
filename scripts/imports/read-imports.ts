import { parseSync } from 'oxc-parser';

/** One place where a module's text names another module. */
export interface Import {
  readonly specifier: string;
  /** Only types cross: nothing is left of it at run time. */
  readonly typeOnly: boolean;
  /** Where the quoted name stands in the text. */
  readonly start: number;
  readonly end: number;
}

/** Source that runs; declarations only describe it. */
export const isModule = (name: string): boolean =>
  /\.[cm]?[jt]sx?$/.test(name) && !/\.d\.[cm]?ts$/.test(name);

/** What a module's text names: static and dynamic imports, re-exports, `import('…')` types, workers. */
export function readImports(file: string, text: string): readonly Import[] {
  const { module, errors, program } = parseSync(file, text);
  if (errors[0] !== undefined) throw new SyntaxError(`${file} cannot be parsed: ${errors[0].message}`);

  const imports: Import[] = module.staticImports.map((each) => ({
    specifier: each.moduleRequest.value,
    typeOnly: isTypeOnly(text, each.start),
    start: each.moduleRequest.start,
    end: each.moduleRequest.end,
  }));
  for (const each of module.staticExports) {
    const request = each.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (request == null) continue;
    imports.push({
      specifier: request.value,
      typeOnly: isTypeOnly(text, each.start),
      start: request.start,
      end: request.end,
    });
  }
  visit(program, (node) => {
    const name = namedModule(node);
    if (name === null) return;
    const { value, start, end } = name;
    imports.push({ specifier: value, typeOnly: node['type'] === 'TSImportType', start, end });
  });
  return imports;
}

/** `import { type X } from 'm'` is not type-only: the import itself stays, and runs `m`. */
function isTypeOnly(text: string, start: number): boolean {
  return /^(?:import|export)\s+type\b/.test(text.slice(start, start + 40));
}

export type SyntaxNode = Readonly<Record<string, unknown>>;

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && typeof (value as SyntaxNode)['type'] === 'string';

/** Shows every node of a syntax tree, parents first. */
export function visit(node: unknown, see: (node: SyntaxNode) => void): void {
  if (Array.isArray(node)) {
    for (const each of node) visit(each, see);
    return;
  }
  if (!isNode(node)) return;
  see(node);
  for (const value of Object.values(node)) {
    if (typeof value === 'object' && value !== null) visit(value, see);
  }
}

interface Text {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** The module that an expression names: `import('x')`, `require('x')`, `vi.mock('x')`, `new URL('./x.ts', import.meta.url)`. */
function namedModule(node: SyntaxNode): Text | null {
  switch (node['type']) {
    case 'ImportExpression':
    case 'TSImportType':
      return textOf(node['source']);
    case 'CallExpression': {
      const called = calledName(node['callee']);
      return called === 'require' || called === 'vi.mock' || called === 'vi.importActual'
        ? textOf(firstOf(node['arguments']))
        : null;
    }
    case 'NewExpression': {
      if (calledName(node['callee']) !== 'URL') return null;
      const address = textOf(firstOf(node['arguments']));
      return address !== null && address.value.startsWith('.') && isModule(address.value) ? address : null;
    }
    default:
      return null;
  }
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

function textOf(node: unknown): Text | null {
  if (!isNode(node) || node['type'] !== 'Literal' || typeof node['value'] !== 'string') return null;
  return { value: node['value'], start: Number(node['start']), end: Number(node['end']) };
}

/** `vi.mock` for the expression `vi.mock`. */
export function calledName(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node['type'] === 'Identifier') return String(node['name']);
  if (node['type'] !== 'MemberExpression') return null;
  return `${calledName(node['object']) ?? '?'}.${calledName(node['property']) ?? '?'}`;
}
