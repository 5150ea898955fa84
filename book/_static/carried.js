/* Pictures that the reader carries along, written by liegg/plots/live.py. Several may stand on a page. */
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form.live")) {
    const part = (name) => form.querySelector(`.live-${name}`);
    const [frame, dot, here, where, said] = ["frame", "dot", "here", "place", "said"].map(part);
    const words = JSON.parse(form.querySelector("script").textContent);
    const { title, place } = form.elements;

    const show = () => {
      const view = form.elements[`motion-${title.value}`].value, at = Number(place.value);
      const { places, said: sentences } = words[view];
      for (const one of form.querySelectorAll("[data-title]")) one.hidden = one.dataset.title !== title.value;
      for (const one of form.querySelectorAll("[data-view]")) one.toggleAttribute("hidden", one.dataset.view !== view);
      const [across, down] = [at / (places.length - 1), view / (words.length - 1)];
      frame.style.backgroundPosition = `${100 * across}% ${100 * down}%`;
      frame.setAttribute("aria-label", `${frame.dataset.picture}, ${places[at]}`);
      const { x, y } = form.querySelector(`[data-view="${view}"] .live-moved`).points.getItem(at);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      here.setAttribute("transform", `translate(${x})`);
      place.setAttribute("aria-valuetext", places[at]);
      where.textContent = `${places[at][0].toUpperCase()}${places[at].slice(1)}.`;  // which the slider says aloud
      said.textContent = sentences[at];
    };

    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    part("parts").hidden = false;
    part("still").hidden = true;
    show();
  }
});
