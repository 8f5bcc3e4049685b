/// What suites written for LocalStack look for.
package enum LocalStackCompatibility {
    /// `/_localstack/health` with the services that there are, and the paths of its predecessors.
    package static func documents(_ services: [String]) -> [String: @Sendable () -> String] {
        let rows = services.map { "\"\($0)\": \"running\"" }.joined(separator: ", ")
        let health = "{\"services\": {\(rows)}, \"edition\": \"brume\", \"version\": \"\(BuildInformation.version)\"}"
        let info =
            "{\"version\": \"\(BuildInformation.version)\", \"edition\": \"brume\", \"is_license_activated\": false}"
        let stages =
            #"{"completed": {"BOOT": true, "START": true, "READY": true, "SHUTDOWN": false}, "scripts": []}"#
        return [
            "/_localstack/health": { health }, "/health": { health }, "/_localstack/info": { info },
            "/_localstack/init": { stages },
        ]
    }
}
