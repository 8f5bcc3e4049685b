internal import Primitives
internal import ServiceKit

/// What is wrong with the files of keys and policies, told once for each change: lost policies restrict users, and lost
/// keys refuse them, but what clients are told does not name the cause.
struct KeyTrouble {
    private let keys: ServerKeys
    private var told: String?
    /// What the start found; told once.
    private var loss: String?

    init(_ keys: ServerKeys) {
        self.keys = keys
        self.loss = keys.loss
    }

    /// The lines that the operator has not seen yet.
    mutating func news(now: Timestamp) -> [BrumeServer.StartLine] {
        var lines: [BrumeServer.StartLine] = []
        if let loss = self.loss { lines.append(.init(text: "keys         \(loss)", isWarning: true)) }
        self.loss = nil
        let trouble = self.keys.local?.trouble(now: now)
        guard trouble != self.told else { return lines }
        self.told = trouble
        let text = trouble ?? "the files of keys and policies are in order again"
        return lines + [.init(text: "keys         \(text)", isWarning: trouble != nil)]
    }
}
