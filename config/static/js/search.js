// Ctrl-K (or /): search everywhere without leaving the page. The link beside it opens the page.
(function () {
  "use strict";
  var dialog = document.getElementById("search-dialog");
  if (!dialog || !dialog.showModal) return;
  var field = dialog.querySelector("input");
  var found = document.getElementById("search-found");

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    field.select();
  }

  function links() {
    return Array.prototype.slice.call(found.querySelectorAll("a"));
  }

  function move(step) {
    var all = links();
    if (!all.length) return;
    var at = all.indexOf(document.activeElement) + step;
    if (at < 0) field.focus();
    else all[Math.min(at, all.length - 1)].focus();
  }

  document.querySelectorAll("[data-opens-search]").forEach(function (link) {
    link.addEventListener("click", function (event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open();
    });
  });

  document.addEventListener("keydown", function (event) {
    var typing = /^(input|textarea|select)$/i.test(event.target.tagName);
    var asked = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (asked || (event.key === "/" && !typing && !event.ctrlKey && !event.altKey)) {
      event.preventDefault();
      open();
    }
  });

  dialog.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    }
  });

  // A click beside the sheet closes it.
  dialog.addEventListener("click", function (event) {
    if (event.target === dialog) dialog.close();
  });
})();
