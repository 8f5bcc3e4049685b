internal import Primitives

/// Identifies what determines the answers of a model under an engine: the weights, the engine, and how it was started.
enum EngineIdentity {
    /// - Parameters:
    ///   - model: the weights.
    ///   - launch: how the engine was started.
    ///   - program: the engine's executable; another build is another file.
    ///   - build: the build that the engine reports.
    /// - Returns: a text that differs for another model, launch or engine.
    static func text(
        _ model: LocalModel, _ launch: EngineLaunch, _ program: EngineProgram, build: String?
    ) -> String {
        let weights = model.contentID ?? self.stamp(launch.modelPath)
        let cache = "\(launch.keyType.rawValue)/\(launch.valueType.rawValue)"
        let pooling = launch.pooling.map { "\($0)" } ?? "-"
        return [
            weights, self.stamp(program.path), build ?? "-", launch.purpose.rawValue, cache, pooling,
            String(launch.slotContextTokens), launch.projectorPath.map(self.stamp) ?? "-",
        ].joined(separator: "\n")
    }

    /// Identifies a file by path, size and time.
    private static func stamp(_ path: String) -> String {
        guard let facts = Files.facts(path) else { return path }
        return "\(path):\(facts.bytes):\(facts.changedNanoseconds)"
    }
}
