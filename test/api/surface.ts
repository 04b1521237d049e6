import ts from "typescript";

/**
 * The public surface of a door as text: each exported name with its declaration, without comments and bodies, sorted. Made from the built .d.ts files, so it
 * is what users of the package see.
 */
export function surfaceOf(declarations: string): string {
  const program = ts.createProgram([declarations], { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2023, skipLibCheck: true, types: [] });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(declarations);
  const door = source && checker.getSymbolAtLocation(source);
  if (!door) throw new Error(`${declarations} exports nothing`);
  const printer = ts.createPrinter({ removeComments: true });
  const texts: string[] = [];
  for (const symbol of checker.getExportsOfModule(door)) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of target.declarations ?? []) {
      const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
      const text = printer.printNode(ts.EmitHint.Unspecified, statement, statement.getSourceFile());
      texts.push(`${symbol.name === target.name ? "" : `${symbol.name} = `}${text.replace(/^export /, "").replace(/^declare /, "")}`);
    }
  }
  return texts.sort((a, b) => (a < b ? -1 : 1)).join("\n\n");
}
