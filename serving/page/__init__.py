"""The page at `/`: one HTML, one CSS, modules of JavaScript, invented examples. Files only; `serving.http.page` sends them."""
