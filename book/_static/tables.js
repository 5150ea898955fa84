/* On a narrow page the rows of a table become cards (phone.css): each cell knows the heading of its column. Tables that
   code has printed are numbers and scroll. */
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("article table:has(thead)")) {
    if (table.closest(".cell_output")) continue;
    const columns = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    if (columns.length < 3) continue;
    table.classList.add("rows-are-cards");
    for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, i) => { cell.dataset.column = columns[i]; });
  }
});
