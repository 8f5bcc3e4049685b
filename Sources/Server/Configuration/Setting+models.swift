internal import Inference
internal import Primitives

/// Settings of models and their resources.
extension Setting {
    static func layers(_ text: String) throws(ConfigurationError) -> EngineLaunch.GPULayers {
        switch text {
        case "auto": return .automatic
        case "all": return .all
        default:
            guard let count = Int(text), (0...10_000).contains(count) else {
                throw ConfigurationError("takes auto, all, or a whole number from 0 to 10000")
            }
            return count == 0 ? .none : .count(count)
        }
    }

    static func share(_ text: String) throws(ConfigurationError) -> MemoryShare {
        guard let share = MemoryShare(text) else { throw ConfigurationError("takes \(MemoryShare.form)") }
        return share
    }

    /// - Returns: nil for the cards of this machine.
    static func profile(_ text: String) throws(ConfigurationError) -> DeviceProfile? {
        if text == "auto" { return nil }
        if text == "none" { return DeviceProfile.none }
        if let known = DeviceProfile.named(text) { return known }
        let names = DeviceProfile.knownNames.joined(separator: ", ")
        let form = "takes auto, none, a known card (\(names)) or a profile file"
        guard text.contains("/") || text.hasSuffix(".json") else { throw ConfigurationError(form) }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(text, bytesMax: DeviceProfile.fileBytesMax)
        } catch {
            throw ConfigurationError("\(form); \(text): \(error.sentence)")
        }
        do throws(PlanningError) {
            return try DeviceProfile.parse(bytes)
        } catch {
            throw ConfigurationError("\(form); in \(text), \(error.sentence)")
        }
    }
}
