package app

import (
	_ "embed"
	"io/fs"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/cosmos/cosmos-sdk/client/docs"
)

// openAPI describes the REST API of our modules; scripts/protogen.sh makes it.
//
//go:embed openapi.json
var openAPI []byte

// registerOpenAPI serves the description and a page to read it with at /swagger.
func registerOpenAPI(router *mux.Router) {
	page, err := fs.Sub(docs.SwaggerUI, "swagger-ui")
	if err != nil {
		panic(err) // the page is embedded
	}
	// The page asks for swagger.yaml; JSON is YAML.
	router.HandleFunc("/swagger/swagger.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openAPI)
	})
	router.PathPrefix("/swagger/").Handler(http.StripPrefix("/swagger/", http.FileServer(http.FS(page))))
	router.Handle("/swagger", http.RedirectHandler("/swagger/", http.StatusMovedPermanently))
}
