package import ServiceModel

/// What suites written for LocalStack look for.
package enum LocalStackCompatibility {
    /// `/_localstack/health` with the services that have operations, and the paths of its predecessors.
    package static func documents(_ services: [ServiceSchema]) -> [String: @Sendable () -> String] {
        let rows = services.filter { !$0.operations.isEmpty }
            .map { "\"\($0.id)\": \"running\"" }
            .joined(separator: ", ")
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
