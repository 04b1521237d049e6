import { visible } from "./escape.ts";
import { Painter, type Style } from "./paint.ts";
import { untabbed, wrapped } from "./width.ts";

/** How text is drawn: its width, colours and links. */
export class Look {
  readonly painter: Painter;
  /** Columns that prose is wrapped at. */
  readonly prose: number;
  /** Columns beyond which other lines are cut; Infinity to cut none. */
  readonly most: number;

  /** Without `columns` prose is wrapped at `prose` columns and no line is cut. */
  constructor(painter: Painter, columns: number | null, prose = usualColumns) {
    this.painter = painter;
    this.most = columns === null ? Infinity : Math.max(leastColumns, columns);
    this.prose = Math.min(this.most, prose);
  }

  heading(text: string): string {
    return this.painter.paint("strong", visible(text));
  }

  /** A function's name in back-ticks. */
  name(name: string): string {
    return `\`${visible(name)}\``;
  }

  /** ` [module]`, or nothing for the kernel itself. */
  module(module: string | null): string {
    return module === null ? "" : ` ${this.painter.paint("module", `[${visible(module)}]`)}`;
  }

  /** Prose, wrapped and indented. */
  wrap(text: string, indent: number, style?: Style): string[] {
    const parts = wrapped(untabbed(visible(text)), this.prose - indent);
    return parts.map((part) => " ".repeat(indent) + (style ? this.painter.paint(style, part) : part));
  }
}

const usualColumns = 100;
const leastColumns = 40;

/** No colours, no links, nothing cut. */
export function plainLook(prose = usualColumns): Look {
  return new Look(new Painter(false, null), null, prose);
}
