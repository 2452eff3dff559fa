/**
 * The `table` and `data_table` blocks. The first row is the header; a data table is cut into pages and
 * sorted by a click on a column, as in Slack. Page and order are remembered in `surface.kept`.
 */

import { h } from "./dom.js";
import { pictures } from "./emoji.js";
import { richText } from "./richtext.js";

export function table(block, surface) {
  const [header, ...rows] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const element = h(
    "table",
    {},
    h("thead", {}, row(header ?? [], "th", settings, surface)),
    h(
      "tbody",
      {},
      rows.map((cells) => row(cells, "td", settings, surface)),
    ),
  );
  return h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Table" }, element);
}

function row(cells, tag, settings, surface) {
  return h(
    "tr",
    {},
    cells.map((cell, index) =>
      h(tag, { class: columnClass(cell, settings[index]), scope: tag === "th" && "col" }, cellContent(cell, surface)),
    ),
  );
}

function columnClass(cell, setting) {
  const align = setting?.align ?? (cell?.type === "raw_number" ? "right" : "left");
  return `align-${align}${setting?.is_wrapped ? " wrapped" : ""}`;
}

function cellContent(cell, surface) {
  if (cell?.type === "rich_text") return richText(cell, surface.workspace);
  return pictures(String(cell?.text ?? cell?.value ?? ""));
}

function words(cell) {
  if (cell?.type !== "rich_text") return String(cell?.text ?? cell?.value ?? "");
  return JSON.stringify(cell.elements);
}

const number = (cell) => Number(cell?.value ?? words(cell).replaceAll(",", ""));

/** Numbers by size, everything else by its words. */
function compare(one, other) {
  const [left, right] = [number(one), number(other)];
  if (Number.isFinite(left) && Number.isFinite(right)) return left - right;
  return words(one).localeCompare(words(other));
}

export function dataTable(block, surface, path) {
  const [header = [], ...rows] = block.rows ?? [];
  const size = block.page_size ?? 5;
  const shown = surface.kept.get(path) ?? { page: 0, column: null, down: false };
  const frame = h("div", { class: "data-table" });

  const change = (next) => {
    surface.kept.set(path, Object.assign(shown, next));
    draw();
  };
  const draw = () => {
    const heading = h(
      "tr",
      {},
      header.map((cell, index) => columnHead(cell, index, shown, change, rows[0]?.[index])),
    );
    const page = ordered(rows, shown).slice(shown.page * size, (shown.page + 1) * size);
    const key = block.row_header_column_index ?? 0;
    const body = page.map((cells) =>
      h(
        "tr",
        {},
        cells.map((cell, index) =>
          h(
            index === key ? "th" : "td",
            { class: columnClass(cell), scope: index === key && "row" },
            cellContent(cell, surface),
          ),
        ),
      ),
    );
    const element = h(
      "table",
      {},
      h("caption", {}, block.caption ?? ""),
      h("thead", {}, heading),
      h("tbody", {}, body),
    );
    frame.replaceChildren(
      h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": block.caption || "Table" }, element),
      ...pager(rows.length, size, shown, change),
    );
  };
  draw();
  return frame;
}

function ordered(rows, { column, down }) {
  if (column === null) return rows;
  const sorted = [...rows].sort((one, other) => compare(one[column], other[column]));
  return down ? sorted.reverse() : sorted;
}

function columnHead(cell, index, shown, change, below) {
  const current = shown.column === index;
  const order = current ? (shown.down ? "descending" : "ascending") : null;
  const sort = () => change({ column: index, down: current && !shown.down, page: 0 });
  return h(
    "th",
    { scope: "col", "aria-sort": order, class: columnClass(below) },
    h(
      "button",
      { type: "button", class: "sort", click: sort },
      String(cell?.text ?? ""),
      h("span", { "aria-hidden": "true" }, order ? (shown.down ? " ↓" : " ↑") : ""),
    ),
  );
}

function pager(count, size, shown, change) {
  const pages = Math.ceil(count / size);
  if (pages <= 1) return [];
  const step = (label, by) =>
    h(
      "button",
      {
        type: "button",
        class: "page-step",
        "aria-label": label,
        disabled: shown.page + by < 0 || shown.page + by >= pages,
        click: () => change({ page: shown.page + by }),
      },
      by < 0 ? "‹" : "›",
    );
  const from = shown.page * size;
  return [
    h(
      "div",
      { class: "pager" },
      step("Previous page", -1),
      `${from + 1}–${Math.min(from + size, count)} of ${count}`,
      step("Next page", 1),
    ),
  ];
}
