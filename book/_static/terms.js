/* Terms of the glossary: where nothing can hover, the first tap shows the definition and the second follows the link;
   Escape puts a definition away. */
(() => {
  let tapped = null;
  document.addEventListener("click", (event) => {
    const term = event.target.closest(".glossary-term");
    if (event.detail && term !== tapped && matchMedia("(hover: none)").matches) {  // no detail: Enter was pressed
      if (term && event.target.closest("a")) {
        event.preventDefault();
        term.querySelector("a").focus();
      } else tapped?.querySelector("a").blur();
    }
    tapped = term;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    const shown = document.querySelectorAll(".glossary-term:is(:hover, :focus-within)");
    shown.forEach((term) => term.classList.add("put-away"));
  });
  for (const leaves of ["pointerout", "focusout"])
    document.addEventListener(leaves, ({ target }) => target.closest(".put-away")?.classList.remove("put-away"));
})();
