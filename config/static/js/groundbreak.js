// What makes the pages pleasant; each of them works without it.
(function () {
  "use strict";

  // Colour mode: three buttons, the chosen one pressed.
  var themes = document.querySelectorAll("[data-theme-value]");
  function showTheme() {
    themes.forEach(function (button) {
      var on = button.dataset.themeValue === window.groundbreakTheme.chosen();
      button.setAttribute("aria-pressed", String(on));
    });
  }
  themes.forEach(function (button) {
    button.addEventListener("click", function () {
      window.groundbreakTheme.choose(button.dataset.themeValue);
      showTheme();
    });
  });
  showTheme();

  // Menus are <details>: close them on Escape, and when the reader goes elsewhere.
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }
  document.addEventListener("click", function (event) {
    closeMenus(event.target.closest("details.menu"));
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    var menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Choosing another year takes the as-of day along into that year.
  document.querySelectorAll("[data-year-moves]").forEach(function (year) {
    year.addEventListener("change", function () {
      var day = document.getElementById(year.dataset.yearMoves);
      if (day && day.value) day.value = year.value + day.value.slice(4);
    });
  });

  // A form that acts is sent once.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var question = event.submitter && event.submitter.dataset.ask;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.method.toLowerCase() !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(function () {
      delete form.dataset.sent;
    }, 4000);
  });

  // Demonstration log-ins fill the form in.
  document.querySelectorAll("[data-fill-login]").forEach(function (button) {
    button.addEventListener("click", function () {
      document.getElementById("id_login").value = button.dataset.fillLogin;
      var password = document.getElementById("id_password");
      password.value = button.dataset.fillPassword || "";
      password.focus();
    });
  });

  // A fragment request that ends on the log-in page means: the session is over.
  document.addEventListener("htmx:beforeSwap", function (event) {
    var address = event.detail.xhr.responseURL || "";
    if (new URL(address, location.href).pathname.startsWith("/accounts/")) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
})();
