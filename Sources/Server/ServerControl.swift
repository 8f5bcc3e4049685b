internal import Gateway
internal import Inference
internal import Primitives

/// Sends control requests about models to a running server.
package enum ServerControl {
    /// The time without an answer after which the server is given up.
    private static func silenceSeconds(_ what: String) -> Int {
        switch what {
        // A large model on a slow disk takes minutes.
        case "models/load": 900
        // The engine may be asked for its devices, or be ended.
        case "models/room", "models/unload": 60
        // The server has it at hand.
        default: 10
        }
    }

    /// The server's answer.
    package struct Answer: Sendable, Equatable {
        package var isDone: Bool
        /// Whether the server does not know the model, or has not loaded it.
        package var isUnknown: Bool
        package var text: String
    }

    /// - Parameters:
    ///   - what: the request, such as `models/load`.
    ///   - body: the name of a model.
    ///   - configuration: names the data directory of the server.
    ///   - silenceSecondsMax: how long the server may be silent, if not as long as such a request may take.
    /// - Returns: nil when no server runs on the data directory.
    /// - Throws: a sentence when it runs but does not answer properly.
    package static func tell(
        _ what: String, _ body: String, _ configuration: Configuration, silenceSecondsMax: Int? = nil
    ) async throws(StartError) -> Answer? {
        guard let address = ServerProbe.address(configuration) else { return nil }
        let directory = DataDirectory(path: configuration.dataDirectory)
        let token: [UInt8]
        do throws(FileError) {
            token = try Files.read(directory.controlTokenFile)
        } catch {
            throw StartError(.noPermission, "the server's control token cannot be read: \(error.sentence)")
        }
        var options = HTTPFetch.Options()
        options.connectSeconds = ServerProbe.timeoutSeconds
        options.silenceSeconds = silenceSecondsMax ?? self.silenceSeconds(what)
        options.authoritiesPath = address.authorityPath
        guard let url = FetchURL(self.origin(address) + ControlRoute.prefix + what) else {
            throw StartError(.other, "the server's address \(address.host) cannot be used")
        }
        do {
            let answer = try await HTTPFetch(options: options).post(
                url, [(ControlRoute.tokenHeader, String(decoding: token, as: UTF8.self))], body: Array(body.utf8))
            let lines = String(decoding: answer.body, as: UTF8.self).harmless.split(separator: "\n")
            guard answer.status != 403 else {
                throw StartError(.noPermission, lines.joined(separator: "\n"))
            }
            return Answer(
                isDone: answer.status == 200, isUnknown: answer.status == 404, text: lines.joined(separator: "\n"))
        } catch let error as StartError {
            throw error
        } catch FetchError.noConnection {
            return nil
        } catch FetchError.silent(let seconds) {
            throw StartError(
                .serverSilent, "the server (process \(address.processID)) has not answered for \(seconds) seconds")
        } catch FetchError.untrusted(let reason) {
            throw StartError(
                .configuration,
                "the server's own certificate is not for localhost (\(reason)); start it with --plaintext true to let "
                    + "commands of this machine reach it")
        } catch {
            throw StartError(.other, "the server closed the connection; logs/access.log may have the reason")
        }
    }

    private static func origin(_ address: ServerAddress) -> String {
        let anyAddress = ["0.0.0.0": "127.0.0.1", "::": "::1"]
        var host = anyAddress[address.host] ?? address.host
        if host.contains(":") { host = "[\(host)]" }
        return "http\(address.answersPlaintext ? "" : "s")://\(host):\(address.port)"
    }
}
