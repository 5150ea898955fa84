/* One switch for all pages: what this run shows, or what the stored one does. Without it both are shown. */
(() => {
  const page = document.documentElement, name = "liegg-run";
  const kept = () => { try { return localStorage.getItem(name); } catch { return null; } };
  const keep = (run) => { try { localStorage.setItem(name, run); } catch { /* then for this page alone */ } };
  page.dataset.run = kept() === "stored-run" ? "stored-run" : "this-run";

  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.querySelector("fieldset.whose-run");
    if (!choice) return;
    choice.hidden = false;
    choice.querySelector(`[value="${page.dataset.run}"]`).checked = true;
    choice.addEventListener("change", ({ target }) => {
      const top = choice.getBoundingClientRect().bottom;
      const parts = [...document.querySelectorAll("article section > :not(.tag_stored-run)")];
      const read = parts.find((part) => part.getBoundingClientRect().top >= top);  // stays where it is
      const before = read?.getBoundingClientRect().top;
      page.dataset.run = target.value;
      keep(target.value);
      if (read) scrollBy({ top: read.getBoundingClientRect().top - before, behavior: "instant" });
    });
  });
})();
