/* Points of a picture: one stop of the keyboard a picture, arrow keys lead from point to point, and Escape puts the words
   away that a point shows. */
document.addEventListener("DOMContentLoaded", () => {
  for (const spots of document.querySelectorAll(".spots")) {
    const all = [...spots.querySelectorAll(".spot")];
    const reached = (spot) => all.forEach((one) => { one.tabIndex = one === spot ? 0 : -1; });
    reached(all[0]);
    spots.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") event.target.classList.add("put-away");
      if (!step) return;
      event.preventDefault();
      const next = all[(all.indexOf(event.target) + step + all.length) % all.length];
      reached(next);
      next.focus();
    });
    for (const leaves of ["focusout", "pointerout"])
      spots.addEventListener(leaves, ({ target }) => target.classList.remove("put-away"));
  }
});
