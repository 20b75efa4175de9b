"""A notification service on the session bus: prints what it is told to show, one JSON object per line."""

import json

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.Notifications"


class Service(dbus.service.Object):
    @dbus.service.method(NAME, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, _replaces, _icon, title, text, _actions, _hints, _expires):
        print(json.dumps({"app": app, "title": title, "text": text}), flush=True)
        return dbus.UInt32(1)

    @dbus.service.method(NAME, in_signature="", out_signature="as")
    def GetCapabilities(self):
        return ["body", "body-markup"]

    @dbus.service.method(NAME, in_signature="", out_signature="ssss")
    def GetServerInformation(self):
        return ("test", "pulsecam", "1", "1.2")


bus = dbus.SessionBus(mainloop=DBusGMainLoop())
name = dbus.service.BusName(NAME, bus)
service = Service(bus, "/org/freedesktop/Notifications")
print(json.dumps({"ready": True}), flush=True)
GLib.MainLoop().run()
