package import ServiceModel

/// Endpoints that test suites written for LocalStack look for.
package enum LocalStackCompatibility {
    /// `/_localstack/health` with the implemented services, the init stages, and the paths of older versions.
    /// `/_localstack/diagnose` is left out: it would reveal too much without authentication.
    package static func documents(_ services: [ServiceSchema]) -> [String: @Sendable () -> String] {
        let rows = services.filter { !$0.operations.isEmpty }
            .map { "\"\($0.id)\": \"running\"" }
            .joined(separator: ", ")
        let health = "{\"services\": {\(rows)}, \"edition\": \"brume\", \"version\": \"\(BuildInformation.version)\"}"
        let info =
            "{\"version\": \"\(BuildInformation.version)\", \"edition\": \"brume\", \"is_license_activated\": false}"
        // LocalStack's own plug-ins do not exist here.
        var texts = [
            "/_localstack/health": health, "/health": health, "/_localstack/info": info, "/_localstack/plugins": "{}",
        ]
        let stages = [("BOOT", true), ("START", true), ("READY", true), ("SHUTDOWN", false)]
        let completed = stages.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
        texts["/_localstack/init"] = "{\"completed\": {\(completed)}, \"scripts\": []}"
        for (stage, isCompleted) in stages {
            // Health checks search this text for `"completed": true`; LocalStack takes a stage in either case.
            for name in [stage, stage.lowercased()] {
                texts["/_localstack/init/\(name)"] = "{\"completed\": \(isCompleted), \"scripts\": []}"
            }
        }
        return texts.mapValues { text -> @Sendable () -> String in { text } }
    }
}
