internal import Primitives

/// The source of models, and the credentials for it.
package struct HubSettings: Sendable, Equatable {
    /// Hugging Face's own endpoint.
    package static let standardEndpoint = "https://huggingface.co"

    /// A mirror, or Hugging Face itself.
    package var endpoint: FetchURL
    /// Sent to the endpoint only.
    package var token: String?

    package init(endpoint: FetchURL, token: String? = nil) {
        self.endpoint = endpoint
        self.token = token
    }

    /// Reads the environment: `HF_ENDPOINT`, `HF_TOKEN`, and the file written by `hf auth login`.
    /// - Parameters:
    ///   - environment: variables by name.
    ///   - setting: an endpoint that overrides the environment's.
    /// - Throws: `.usage` for an invalid URL or token.
    package init(environment: [String: String], endpoint setting: String? = nil) throws(RegistryError) {
        let text =
            [setting, environment["HF_ENDPOINT"]].compactMap(\.self).first { !$0.isEmpty } ?? Self.standardEndpoint
        guard let endpoint = FetchURL(text) else {
            throw RegistryError(
                .usage,
                "\(setting == nil ? "HF_ENDPOINT" : "--endpoint") is no http or https address without user and "
                    + "password: \(AddressText.withoutSecrets(text))")
        }
        var token = environment["HF_TOKEN"] ?? environment["HUGGING_FACE_HUB_TOKEN"]
        if token == nil {
            let home = environment["HF_HOME"] ?? environment["HOME"].map { "\($0)/.cache/huggingface" }
            let path = environment["HF_TOKEN_PATH"] ?? home.map { "\($0)/token" }
            if let path, let bytes = try Disk.read(path, bytesMax: 4096) {
                token = String(decoding: bytes, as: UTF8.self)
            }
        }
        token = token.map { String($0.filter { !$0.isWhitespace }) }.flatMap { $0.isEmpty ? nil : $0 }
        guard token?.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ?? true else {
            throw RegistryError(.usage, "HF_TOKEN contains invalid characters")
        }
        self.init(endpoint: endpoint, token: token)
    }

    /// The token if it may be sent to that URL: to the endpoint itself, over TLS or within this machine.
    func token(for url: FetchURL) -> String? {
        guard url.origin == self.endpoint.origin, url.isTLS || url.isLoopback else { return nil }
        return self.token
    }

    /// A URL below the endpoint.
    func url(_ path: String) throws(RegistryError) -> FetchURL {
        let base = self.endpoint.target.hasSuffix("/") ? String(self.endpoint.target.dropLast()) : self.endpoint.target
        guard let url = FetchURL(self.endpoint.origin + base + path) else {
            throw RegistryError(.usage, "\(path) is not a valid path on the hub")
        }
        return url
    }
}
