// The lists of projects and of items: tick a whole page, ask only for what the chosen act needs.
(function () {
  "use strict";

  function picks() {
    return Array.prototype.slice.call(document.querySelectorAll('input[name="pk"][form="bulk"]'));
  }

  function tell() {
    var all = picks();
    var count = all.filter(function (box) {
      return box.checked;
    }).length;
    var shown = document.querySelector("[data-picked-count]");
    if (shown) shown.textContent = count ? "（" + count + "）" : "";
    var whole = document.querySelector("[data-pick-all]");
    if (whole) {
      whole.checked = count > 0 && count === all.length;
      whole.indeterminate = count > 0 && count < all.length;
    }
    if (count) {
      var form = document.getElementById("bulk");
      var fold = form && form.closest("details"); // the acts on items stand open by themselves
      if (fold) fold.open = true;
    }
  }

  function askOnly() {
    var form = document.querySelector("[data-bulk]");
    if (!form) return;
    var act = form.elements.act.value;
    form.querySelectorAll("[data-act]").forEach(function (field) {
      field.hidden = field.dataset.act.split(" ").indexOf(act) < 0;
    });
  }

  document.addEventListener("change", function (event) {
    var target = event.target;
    if (target.matches("[data-pick-all]")) {
      picks().forEach(function (box) {
        box.checked = target.checked;
      });
      tell();
    } else if (target.matches('input[name="pk"]')) {
      tell();
    } else if (target.matches('[data-bulk] [name="act"]')) {
      askOnly();
    }
  });
  document.addEventListener("htmx:afterSettle", askOnly);
  askOnly();
  tell();
})();
