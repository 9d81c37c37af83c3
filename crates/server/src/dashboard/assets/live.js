// Keeps the parts of a page up to date that are marked for it. Without this, pages are complete and reload by themselves.
"use strict";

(() => {
  const main = document.getElementById("main");
  const announce = document.getElementById("announce");
  const connection = document.getElementById("connection");
  if (!main || !main.dataset.scope || !window.EventSource) return;

  let busy = false;
  let again = false;

  // What had the focus is found again by what it is.
  const trace = (element) => {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const address = element.getAttribute("href");
    return address ? `a[href="${CSS.escape(address)}"]` : null;
  };

  const replace = (part, fresh) => {
    if (part.innerHTML === fresh.innerHTML) return;
    const focused = part.contains(document.activeElement) ? trace(document.activeElement) : null;
    part.replaceChildren(...document.importNode(fresh, true).childNodes);
    if (focused) (part.querySelector(focused) || main).focus({ preventScroll: true });
  };

  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
      if (answer.redirected) {
        location.reload();
        return;
      }
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of main.querySelectorAll("[data-live]")) {
          const fresh = page.getElementById(part.id);
          if (fresh) replace(part, fresh);
        }
        const summary = page.getElementById("main")?.dataset.summary ?? "";
        if (summary !== main.dataset.summary) {
          main.dataset.summary = summary;
          announce.textContent = summary;
        }
      }
    } catch {
      // The stream says so as well, and reconnects by itself.
    } finally {
      busy = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const concerns = (change) => {
    if (change.all) return true;
    const { scope, group, repository } = main.dataset;
    if (scope === "all") return true;
    if (scope === "runs") return change.runs;
    return change.repositories.some(([g, r]) => g === group && (scope === "group" || r === repository));
  };

  const source = new EventSource("/events");
  let greeted = false;
  source.addEventListener("hello", () => {
    connection.textContent = "Up to date by itself.";
    if (greeted) refresh();
    greeted = true;
  });
  source.addEventListener("changed", (event) => {
    if (concerns(JSON.parse(event.data))) refresh();
  });
  source.addEventListener("error", () => {
    connection.textContent = "Not connected; what is shown may be old.";
  });
  // Times are relative, and grow old.
  setInterval(() => {
    if (!document.hidden) refresh();
  }, 60000);
  window.addEventListener("pagehide", () => source.close());
})();
