/// Members that many lines have, such as those of a connection: put into words once.
package final class LogPart: Sendable {
    let members: [LogRecord.Member]
    /// The members as JSON, each with the comma before it.
    let json: [UInt8]

    package init(_ members: [LogRecord.Member]) {
        self.members = members
        self.json = JSONLine.members(members)
    }
}
